"""Certificates of an authority of the bureau's own: both ends of every connection show theirs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from employment_forecast.data.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate

AUTHORITY, AUTHORITY_KEY = "ca.pem", "ca-key.pem"
CERTIFICATE, KEY = "cert.pem", "key.pem"
_AUTHORITY_DAYS = 3650


@dataclass(frozen=True)
class CertificateFiles:
    """Files of one machine.

    Attributes
    ----------
    authority, certificate, key : pathlib.Path
        PEM.
    """

    authority: Path
    certificate: Path
    key: Path


def certificate_files(folder: Path) -> CertificateFiles:
    """Files in a folder, found fit for use.

    Raises
    ------
    SettingsError
        If one is missing, unreadable or out of date, or the certificate is of another authority.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    files = CertificateFiles(folder / AUTHORITY, folder / CERTIFICATE, folder / KEY)
    how = "请用 forecast cluster certificates 制作证书，并把本机的一份放在该文件夹。"
    try:
        authority, own = (
            x509.load_pem_x509_certificate(file.read_bytes())
            for file in (files.authority, files.certificate)
        )
        files.key.read_bytes()
    except (OSError, ValueError) as error:
        raise SettingsError(f"文件夹“{folder}”中的证书无法读取（{error}）。", how) from error
    try:
        own.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise SettingsError(
            f"证书“{files.certificate}”不是“{files.authority}”签发的。", how
        ) from error
    now = datetime.now(UTC)
    for file, each in ((files.authority, authority), (files.certificate, own)):
        if not each.not_valid_before_utc <= now <= each.not_valid_after_utc:
            begins, ends = each.not_valid_before_utc.date(), each.not_valid_after_utc.date()
            raise SettingsError(
                f"证书“{file}”不在有效期内（{begins} 至 {ends}）。", f"{how}也请核对本机的时钟。"
            )
    return files


def make_certificates(folder: Path, hosts: Sequence[str], days: int = 730) -> list[Path]:
    """Make an authority, or use the one that is there, and a certificate for each machine.

    Parameters
    ----------
    folder : pathlib.Path
        Gets the authority and a folder for each machine.
    hosts : sequence of str
        Names of machines.
    days : int
        Validity of the machines' certificates.

    Returns
    -------
    list of pathlib.Path
        A folder for each machine, with all that it needs. The authority's key stays in `folder`.

    Raises
    ------
    StorageError
        If a file cannot be read or written.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / AUTHORITY).exists():
            authority = x509.load_pem_x509_certificate((folder / AUTHORITY).read_bytes())
            loaded = serialization.load_pem_private_key((folder / AUTHORITY_KEY).read_bytes(), None)
            if not isinstance(loaded, ec.EllipticCurvePrivateKey):
                raise ValueError("no elliptic curve key")
            signer = loaded
        else:
            signer = ec.generate_private_key(ec.SECP256R1())
            authority = _certificate("employment-forecast", signer, None, signer, _AUTHORITY_DAYS)
            _write_key(folder / AUTHORITY_KEY, signer)
            _write(folder / AUTHORITY, authority)
        made = []
        for host in hosts:
            own = ec.generate_private_key(ec.SECP256R1())
            place = folder / host
            place.mkdir(exist_ok=True)
            _write(place / AUTHORITY, authority)
            _write(place / CERTIFICATE, _certificate(host, own, authority, signer, days))
            _write_key(place / KEY, own)
            made.append(place)
    except (OSError, ValueError) as error:
        raise StorageError(
            f"证书无法写入“{folder}”，或其中的签发证书无法读取（{error}）。",
            "请检查写权限；签发证书已损坏时请换一个空文件夹重新制作。",
        ) from error
    return made


def _certificate(
    name: str,
    key: EllipticCurvePrivateKey,
    authority: Certificate | None,
    signer: EllipticCurvePrivateKey,
    days: int,
) -> Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import NameOID

    def called(common: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])

    now = datetime.now(UTC)
    signing = authority is None
    key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(called(name))
        .issuer_name(called(name) if authority is None else authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks of an office differ by minutes.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=signing, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .add_extension(key_id, critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, key_cert_sign=signing, crl_sign=signing,
                content_commitment=False, key_encipherment=False, data_encipherment=False,
                key_agreement=False, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(signer, hashes.SHA256())
    )  # fmt: skip


def _write(file: Path, certificate: Certificate) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    file.write_bytes(certificate.public_bytes(Encoding.PEM))


def _write_key(file: Path, key: EllipticCurvePrivateKey) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Never readable by others, not for a moment.
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
