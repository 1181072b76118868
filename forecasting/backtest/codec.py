"""Bytes that notice damage: a checksum before the content, as every kept result is stored.

What cannot be read back to the bit is computed anew, so damage costs time and never a number.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

_CHECKSUM = 4  # bytes


class DamagedError(ValueError):
    """The bytes are not those that were written."""


def seal(content: bytes) -> bytes:
    """The content behind its checksum."""
    return zlib.crc32(content).to_bytes(_CHECKSUM, "little") + content


def unseal(blob: bytes) -> bytes:
    """Inverse of `seal`; DamagedError if a byte has changed or is missing."""
    content = blob[_CHECKSUM:]
    if len(blob) < _CHECKSUM or zlib.crc32(content) != int.from_bytes(blob[:_CHECKSUM], "little"):
        raise DamagedError("checksum")
    return content


def seal_json(value: Any) -> bytes:
    """A JSON value, sealed: the shortest digits of a double give the same number back."""
    return seal(json.dumps(value, ensure_ascii=False).encode())


def unseal_json(blob: bytes) -> Any:
    """Inverse of `seal_json`; ValueError if the bytes are damaged or no JSON."""
    return json.loads(unseal(blob))
