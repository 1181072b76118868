"""A signature that `ssh-keygen` verifies, and keys that cannot be used."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from employment_forecast.data.errors import SettingsError
from employment_forecast.data.feed.signing import NAMESPACE, load_key, sign_file, signature

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def written(file: Path, key: object) -> Path:
    plain = NoEncryption()
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, plain))  # type: ignore[attr-defined]
    return file


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_ssh_keygen_verifies_and_notices_every_change(tmp_path: Path) -> None:
    file = tmp_path / "x.310114.json"
    file.write_bytes("{}预警\n".encode())
    sign_file(file, load_key(written(tmp_path / "key", KEY)))
    public = KEY.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    signers = tmp_path / "allowed_signers"
    signers.write_text(f'forecast namespaces="{NAMESPACE}" {public}\n', "utf-8")

    def verifies(content: bytes) -> bool:
        command = ["ssh-keygen", "-Y", "verify", "-f", str(signers), "-I", "forecast"]
        more = ["-n", NAMESPACE, "-s", f"{file}.sig"]
        return subprocess.run([*command, *more], input=content, capture_output=True).returncode == 0

    assert verifies(file.read_bytes())
    assert not verifies(file.read_bytes() + b" ")


def test_a_signature_that_no_key_renews_is_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(b"{}")
    sign_file(file, KEY)
    made = (tmp_path / "x.json.sig").read_bytes()
    assert made == signature(b"{}", KEY)
    sign_file(file, None)
    assert not (tmp_path / "x.json.sig").exists()


def test_keys_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="无法读取"):
        load_key(tmp_path / "none")
    (tmp_path / "odd").write_bytes(b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n")
    with pytest.raises(SettingsError, match="不是无口令"):
        load_key(tmp_path / "odd")
    with pytest.raises(SettingsError, match="不是 Ed25519"):
        load_key(written(tmp_path / "ec", generate_private_key(SECP256R1())))


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_a_key_with_a_passphrase_is_named(tmp_path: Path) -> None:
    file = tmp_path / "locked"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret words", "-f", str(file)]
    subprocess.run(command, check=True)
    with pytest.raises(SettingsError, match="不是无口令") as refused:
        load_key(file)
    assert "secret" not in str(refused.value)
