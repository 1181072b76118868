"""The bill of materials names every wheel with version, licence and checksum."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile

from employment_forecast.cli.release.sbom import bill_of_materials


def wheel(name: str, version: str, more: str = "") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        text = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{more}"
        archive.writestr(f"{name.replace('-', '_')}-{version}.dist-info/METADATA", text)
    return stream.getvalue()


WHEELS = {
    "employment_forecast-1.2-py3-none-any.whl": wheel(
        "employment-forecast", "1.2", "License-Expression: Apache-2.0\n"
    ),
    "Some_Lib-3.0-py3-none-any.whl": wheel(
        "Some_Lib", "3.0", "Classifier: License :: OSI Approved :: MIT License\n"
    ),
    "odd-0.1-py3-none-any.whl": wheel("odd", "0.1", "License: BSD\n"),
}


def test_every_wheel_is_a_component() -> None:
    document = json.loads(bill_of_materials(WHEELS, "employment-forecast", "1.2", 0))
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    own = document["metadata"]["component"]
    assert (own["name"], own["licenses"]) == ("employment-forecast", [{"expression": "Apache-2.0"}])
    parts = {c["name"]: c for c in document["components"]}
    assert set(parts) == {"Some_Lib", "odd"}
    assert parts["Some_Lib"]["bom-ref"] == "pkg:pypi/some-lib@3.0"
    assert parts["Some_Lib"]["licenses"] == [{"license": {"name": "MIT License"}}]
    assert parts["odd"]["licenses"] == [{"license": {"name": "BSD"}}]
    expected = hashlib.sha256(WHEELS["Some_Lib-3.0-py3-none-any.whl"]).hexdigest()
    assert parts["Some_Lib"]["hashes"] == [{"alg": "SHA-256", "content": expected}]
    assert document["dependencies"][0]["dependsOn"] == [
        "pkg:pypi/some-lib@3.0",
        "pkg:pypi/odd@0.1",
    ]


def test_the_same_wheels_give_the_same_bytes() -> None:
    shuffled = dict(reversed(WHEELS.items()))
    first = bill_of_materials(WHEELS, "employment-forecast", "1.2", 5)
    assert first == bill_of_materials(shuffled, "employment-forecast", "1.2", 5)
