"""Kernel: the only place ids and randomness come from.

Derived ids make a replay carry the same id; ULIDs sort by time; references are what a create
leaves at a vendor so that we know our own record again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import secrets
from datetime import datetime
from uuid import UUID

from twinledger.kernel.clock import Clock

__all__ = ["NAMESPACE", "derived_id", "derived_ulid", "new_rng", "new_secret", "new_ulid", "reference"]

NAMESPACE = UUID("6f1c2f0e-8f0a-5d43-9d0b-7b1a4c0de5a7")

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SEPARATOR = "\x1f"
_NAMESPACE_BYTES = NAMESPACE.bytes
_REFERENCE_BYTES = 15
"""As many as 20 characters of base32 show, in whole groups of five."""


def derived_id(*parts: str) -> UUID:
    """The same parts give the same id, in every process and on every replay: a uuid5 at half its cost."""
    name = _NAMESPACE_BYTES + _SEPARATOR.join(parts).encode()
    return UUID(bytes=hashlib.sha1(name, usedforsecurity=False).digest()[:16], version=5)


def new_ulid(clock: Clock) -> str:
    """A fresh id that sorts by the time it was made."""
    return _ulid(clock.now(), secrets.token_bytes(10))


def derived_ulid(at: datetime, *parts: str) -> str:
    """A ULID that a replay makes again: its random half is a hash of the parts."""
    return _ulid(at, hashlib.sha256(_SEPARATOR.join(parts).encode()).digest()[:10])


def reference(key: bytes, *parts: str) -> str:
    """What a create carries at the vendor; nobody without the workspace's key can forge it."""
    digest = hmac.digest(key, _SEPARATOR.join(parts).encode(), "sha256")
    return "TL-" + base64.b32encode(digest[:_REFERENCE_BYTES]).decode("ascii")[:20]


def new_rng(seed: int | None = None) -> random.Random:
    """Randomness for jitter, never for secrets; a seed makes a run repeatable."""
    return random.Random(seed)  # noqa: S311 - jitter only


def _ulid(at: datetime, randomness: bytes) -> str:
    milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    number = (milliseconds << 80) | int.from_bytes(randomness, "big")
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


def new_secret(size: int) -> bytes:
    """Random bytes for keys and addresses that must not be guessed."""
    return secrets.token_bytes(size)
