"""What is in the offline installer, as a CycloneDX bill of materials."""

from __future__ import annotations

import hashlib
import io
import json
import re
import uuid
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any

FILE = "sbom.cdx.json"
_SPACE = uuid.UUID("6f0f6a0e-5d1b-5b53-9a0e-3a7a3c1f4c7e")
_SPDX = re.compile(r"[A-Za-z0-9.+-]+")


def _metadata(wheel: bytes) -> Message:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        (name,) = (n for n in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        return BytesHeaderParser().parsebytes(archive.read(name))


def _licences(facts: Message) -> list[dict[str, Any]]:
    """What a package says of its licence: an expression, else its classifiers."""
    if expression := facts.get("License-Expression"):
        return [{"expression": expression}]
    names = [
        str(line).rpartition(" :: ")[2]
        for line in facts.get_all("Classifier", [])
        if str(line).startswith("License :: ")
    ]
    said = str(facts.get("License") or "").strip()
    if not names and said and len(said) <= 80 and "\n" not in said:
        names = [said]
    return [{"license": {"name": name}} for name in names]


def _component(name: str, wheel: bytes) -> dict[str, Any]:
    facts = _metadata(wheel)
    package = re.sub(r"[-_.]+", "-", str(facts["Name"])).lower()
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{package}@{facts['Version']}",
        "name": str(facts["Name"]),
        "version": str(facts["Version"]),
        "purl": f"pkg:pypi/{package}@{facts['Version']}?file_name={name}",
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel).hexdigest()}],
    }
    if licences := _licences(facts):
        component["licenses"] = licences
    return component


def bill_of_materials(wheels: Mapping[str, bytes], name: str, version: str, moment: int) -> bytes:
    """The CycloneDX 1.6 document of an installer: the same bytes for the same wheels.

    Parameters
    ----------
    wheels : mapping
        Wheels by file name, our own among them.
    name, version : str
        The distribution that the installer installs.
    moment : int
        Seconds since 1970 of the commit it was built from.

    Returns
    -------
    bytes
        JSON. The own wheel depends on all others, as the lock file pins them.
    """
    components = [_component(file, wheels[file]) for file in sorted(wheels)]
    own = next(c for c in components if c["bom-ref"].startswith(f"pkg:pypi/{name}@"))
    others = [c for c in components if c is not own]
    seed = "".join(c["hashes"][0]["content"] for c in components)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_SPACE, seed)}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {**own, "type": "application", "version": version},
        },
        "components": others,
        "dependencies": [{"ref": own["bom-ref"], "dependsOn": [c["bom-ref"] for c in others]}],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
