from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from employment_forecast.data.errors import SettingsError
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.settings import parse_settings
from employment_forecast.experiments.cluster import certificates as room
from employment_forecast.experiments.cluster import cluster_of, fingerprint_of
from employment_forecast.experiments.cluster.certificates import (
    certificate_files,
    make_certificates,
)
from employment_forecast.experiments.cluster.connection import parse_address, security
from employment_forecast.experiments.cluster.fingerprint import Fingerprint, trial


@pytest.mark.parametrize(
    "text", ["", "host:8786", "http://a:1", "tls://a", "tls://a:0", "tls://a b:1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="不是集群调度程序的地址"):
        parse_address(text)


def test_only_this_machine_is_spoken_to_in_the_clear() -> None:
    assert not parse_address("tcp://127.0.0.1:8786").encrypted
    assert parse_address("tls://10.0.0.7:8786").encrypted
    with pytest.raises(SettingsError, match="没有加密"):
        parse_address("tcp://10.0.0.7:8786")
    with pytest.raises(SettingsError, match="需要证书"):
        security(None, encrypted=True)


def test_an_office_makes_its_certificates(tmp_path: Path) -> None:
    one, two = make_certificates(tmp_path, ["one", "two"])
    assert certificate_files(one).key.read_bytes() != certificate_files(two).key.read_bytes()
    assert stat.S_IMODE((one / "key.pem").stat().st_mode) == 0o600
    assert not (one / "ca-key.pem").exists()
    (three,) = make_certificates(tmp_path, ["three"])
    assert (three / "ca.pem").read_bytes() == (one / "ca.pem").read_bytes()


def test_unfit_certificates_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = make_certificates(tmp_path / "a", ["one"])
    (other,) = make_certificates(tmp_path / "b", ["one"])
    (one / "ca.pem").write_bytes((other / "ca.pem").read_bytes())
    with pytest.raises(SettingsError, match="签发的"):
        certificate_files(one)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=20_000)

    monkeypatch.setattr(room, "datetime", Later)
    with pytest.raises(SettingsError, match="不在有效期内"):
        certificate_files(other)
    (other / "cert.pem").unlink()
    with pytest.raises(SettingsError, match="无法读取"):
        certificate_files(other)


def test_settings_name_the_cluster(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    text = '[compute]\nengine = "dask"\nscheduler = "tls://forecast-1:8786"\n'
    assert cluster_of(parse_settings("", tmp_path), workspace) is None
    cluster = cluster_of(parse_settings(text, tmp_path), workspace)
    assert cluster is not None
    assert cluster.address.url == "tls://forecast-1:8786"
    with pytest.raises(SettingsError, match="不是集群"):
        cluster_of(parse_settings('[compute]\nengine = "dask"\n', tmp_path), workspace)


def test_differences_are_told_apart() -> None:
    ours = Fingerprint("1+a", "code", "models", "3.11", "trial")
    assert ours.difference(ours) == ""
    for name, words in (("code", "版本不同"), ("models", "版本不同"), ("python", "Python"),
                        ("trial", "末位")):  # fmt: skip
        other = Fingerprint(**{**vars(ours), name: "x"})
        assert words in ours.difference(other)
        assert ours.digest != other.digest
    later = Fingerprint(**{**vars(ours), "program": "1+b"})
    assert (ours.difference(later), later.digest) == ("", ours.digest)


def test_the_trial_is_kept_until_the_program_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        "employment_forecast.experiments.cluster.fingerprint.trial", lambda: asked.append(1) or "t"
    )
    kept = tmp_path / "trial.json"
    assert fingerprint_of(kept) == fingerprint_of(kept)
    assert len(asked) == 1
    kept.write_text("{")
    assert fingerprint_of(kept).trial == "t"
    monkeypatch.setattr(
        "employment_forecast.experiments.cluster.fingerprint.code_version", lambda: "new"
    )
    fingerprint_of(kept)
    assert len(asked) == 3


def test_the_trial_is_the_same_every_time() -> None:
    assert trial(("random_walk", "ridge")) == trial(("random_walk", "ridge"))
    assert trial(("random_walk",)) != trial(("drift",))
