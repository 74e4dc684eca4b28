"""State: secrets at rest. AES-256-GCM under a key per workspace, wrapped by a key outside the database.

The associated data names workspace, table, column, row and key version: a ciphertext moved to
another place does not open.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from twinledger.kernel.database import Connection
from twinledger.kernel.errors import FatalError
from twinledger.kernel.ids import new_secret

__all__ = ["KeyFile", "KeyWrapper", "LocalKeyWrapper", "Place", "Sealer", "open_key_wrapper", "version_of"]

_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = b"\x01"
_HEAD = 1 + 4 + _NONCE_BYTES


class Place(NamedTuple):
    """Where a secret stands."""

    table: str
    column: str
    row: str


class KeyWrapper(Protocol):
    """The key-encryption key: a mounted file, or an external key service."""

    def wrap(self, workspace: str, version: int, key: bytes) -> bytes: ...

    def unwrap(self, workspace: str, version: int, wrapped: bytes) -> bytes: ...


class KeyFile(BaseSettings):
    """Where the key-encryption key comes from: `TWINLEDGER_KEK` (base64 of 32 bytes),
    `TWINLEDGER_KEK_FILE`, or, outside production, `kek` in the data folder, made on first use.
    While it is replaced the former one opens too: `TWINLEDGER_KEK_PREVIOUS_FILE`."""

    model_config = SettingsConfigDict(env_prefix="TWINLEDGER_", extra="ignore", frozen=True)

    kek: SecretStr | None = None
    kek_file: Path | None = None
    kek_previous_file: Path | None = None
    data_dir: Path = Path(".twinledger")
    environment: Literal["development", "test", "staging", "production"] = "development"


@dataclass(frozen=True, slots=True)
class LocalKeyWrapper:
    """A key-encryption key held in memory, and the one it replaces."""

    kek: bytes
    previous: bytes | None = None

    def wrap(self, workspace: str, version: int, key: bytes) -> bytes:
        nonce = new_secret(_NONCE_BYTES)
        return nonce + AESGCM(self.kek).encrypt(nonce, key, _text("workspace_key", workspace, str(version)))

    def unwrap(self, workspace: str, version: int, wrapped: bytes) -> bytes:
        nonce, body = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        aad = _text("workspace_key", workspace, str(version))
        for kek in filter(None, (self.kek, self.previous)):
            with contextlib.suppress(InvalidTag):
                return AESGCM(kek).decrypt(nonce, body, aad)
        raise FatalError(
            "the key-encryption key does not open this database's keys; "
            "try: the TWINLEDGER_KEK (or .twinledger/kek) it was first used with"
        )


def open_key_wrapper(given: KeyFile | None = None) -> LocalKeyWrapper:
    """The wrapper the settings name; all processes that start together end with the same key."""
    settings = given or KeyFile()
    previous = _from_file(settings.kek_previous_file) if settings.kek_previous_file is not None else None
    return LocalKeyWrapper(_kek(settings), previous)


def _kek(settings: KeyFile) -> bytes:
    if settings.kek is not None:
        return _decoded(settings.kek.get_secret_value(), "TWINLEDGER_KEK")
    if settings.kek_file is not None:
        return _from_file(settings.kek_file)
    path = settings.data_dir / "kek"
    if not path.exists():
        if settings.environment == "production":
            raise FatalError("no key-encryption key; try: set TWINLEDGER_KEK_FILE to a mounted secret")
        _create(path)
    return _from_file(path)


class Sealer:
    """Seals and opens single values; keys of workspaces are kept once they were read."""

    def __init__(self, wrapper: KeyWrapper) -> None:
        self.wrapper = wrapper
        self._keys: dict[tuple[str, int], AESGCM] = {}

    async def seal(self, connection: Connection, workspace: str, place: Place, secret: str) -> bytes:
        """Ciphertext under the workspace's newest key, which is made on first use."""
        version = await self._newest(connection, workspace) or await self.add_key(connection, workspace, 1)
        key = await self._key(connection, workspace, version)
        nonce = new_secret(_NONCE_BYTES)
        sealed = key.encrypt(nonce, secret.encode(), _text(workspace, *place, str(version)))
        return _FORMAT + version.to_bytes(4, "big") + nonce + sealed

    async def open(self, connection: Connection, workspace: str, place: Place, sealed: bytes) -> str:
        """The secret; FatalError when it was not sealed for this place."""
        version = version_of(sealed)
        key = await self._key(connection, workspace, version)
        aad = _text(workspace, *place, str(version))
        try:
            return key.decrypt(sealed[5:_HEAD], sealed[_HEAD:], aad).decode()
        except InvalidTag as exc:
            raise FatalError(f"{place.table}.{place.column} of {place.row} was not sealed there") from exc

    async def add_key(self, connection: Connection, workspace: str, version: int) -> int:
        """A fresh key of that version; of two processes that make it at once the first one's counts."""
        key = new_secret(_KEY_BYTES)
        await connection.execute(
            "insert into workspace_key (workspace, version, wrapped) values ($1, $2, $3)"
            " on conflict do nothing",
            workspace,
            version,
            self.wrapper.wrap(workspace, version, key),
        )
        return version

    async def _newest(self, connection: Connection, workspace: str) -> int:
        """Asked each time, which is seldom: a key that was rotated away seals nothing more."""
        newest = "select coalesce(max(version), 0) from workspace_key where workspace = $1"
        return int(await connection.fetchval(newest, workspace))

    async def _key(self, connection: Connection, workspace: str, version: int) -> AESGCM:
        if (workspace, version) not in self._keys:
            wrapped = await connection.fetchval(
                "select wrapped from workspace_key where workspace = $1 and version = $2", workspace, version
            )
            if wrapped is None:
                raise FatalError(f"unknown key version {version} of workspace {workspace}")
            self._keys[workspace, version] = AESGCM(self.wrapper.unwrap(workspace, version, wrapped))
        return self._keys[workspace, version]


def version_of(sealed: bytes) -> int:
    """The key version a ciphertext names."""
    if sealed[:1] != _FORMAT:
        raise FatalError("a sealed value has an unknown format")
    return int.from_bytes(sealed[1:5], "big")


def _text(*parts: str) -> bytes:
    return "\x1f".join(parts).encode()


def _decoded(text: str, origin: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error as exc:
        raise FatalError(f"{origin} is not base64") from exc
    if len(key) != _KEY_BYTES:
        raise FatalError(f"{origin} holds {len(key)} bytes, not {_KEY_BYTES}")
    return key


def _from_file(path: Path) -> bytes:
    try:
        return _decoded(path.read_text(encoding="ascii"), str(path))
    except OSError as exc:
        raise FatalError(f"cannot read the key-encryption key {path}: {exc.strerror}") from exc


def _create(path: Path) -> None:
    """Written aside and linked into place: of several processes one wins, and none reads a half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"kek.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(new_secret(_KEY_BYTES)))
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        return
    finally:
        aside.unlink()
