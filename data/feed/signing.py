"""Sign what is published: a checksum says that bytes are whole, a signature says whose they are.

Signatures have the form of `ssh-keygen -Y sign`, so that a reader needs a program that every
system has and no code of ours. The key is an Ed25519 key of `ssh-keygen` without a passphrase.

References
----------
OpenSSH, PROTOCOL.sshsig; draft-josefsson-sshsig-format.
"""

from __future__ import annotations

import base64
import hashlib
import struct
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from employment_forecast.data.errors import SettingsError
from employment_forecast.data.files import write_atomically

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NAMESPACE = "forecast-thresholds"
SIGNATURE = ".sig"
_MAGIC = b"SSHSIG"
_HASH = "sha512"
_KIND = b"ssh-ed25519"


def _strings(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def load_key(file: Path) -> Ed25519PrivateKey:
    """The private key that feeds are signed with.

    Parameters
    ----------
    file : pathlib.Path
        Made by `ssh-keygen -t ed25519`, without a passphrase.

    Returns
    -------
    Ed25519PrivateKey

    Raises
    ------
    SettingsError
        If there is none that can be used.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    hint = '请用 ssh-keygen -t ed25519 -N "" -f 文件 生成，并填写 thresholds.signing_key。'
    try:
        key = load_ssh_private_key(file.read_bytes(), password=None)
    except OSError as error:
        raise SettingsError(f"签名密钥“{file}”无法读取（{error.strerror}）。", hint) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SettingsError(f"签名密钥“{file}”不是无口令的 SSH 私钥。", hint) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SettingsError(f"签名密钥“{file}”不是 Ed25519 密钥。", hint)
    return key


def signature(content: bytes, key: Ed25519PrivateKey) -> bytes:
    """The detached signature of a file, as `ssh-keygen -Y verify` takes it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    name, algorithm = NAMESPACE.encode(), _HASH.encode()
    signed = _MAGIC + _strings(name, b"", algorithm, hashlib.sha512(content).digest())
    blob = _MAGIC + struct.pack(">I", 1)
    blob += _strings(
        _strings(_KIND, public), name, b"", algorithm, _strings(_KIND, key.sign(signed))
    )
    lines = textwrap.wrap(base64.b64encode(blob).decode("ascii"), 70)
    text = "\n".join(("-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""))
    return text.encode("ascii")


def sign_file(file: Path, key: Ed25519PrivateKey | None) -> None:
    """Write the signature beside a file; without a key none is left that could be out of date."""
    target = file.with_name(file.name + SIGNATURE)
    if key is None:
        target.unlink(missing_ok=True)
        return
    made = signature(file.read_bytes(), key)
    # Ed25519 gives the same signature for the same bytes: nothing is written twice.
    if not (target.is_file() and target.read_bytes() == made):
        write_atomically(target, made)
