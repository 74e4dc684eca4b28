"""Secrets open where they were sealed and nowhere else."""

from __future__ import annotations

import base64
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from twinledger.kernel.errors import FatalError
from twinledger.state.sealing import KeyFile, LocalKeyWrapper, Place, Sealer, open_key_wrapper

KEK = bytes(range(32))
PLACE = Place("connection", "access_token", "zoho")


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(LocalKeyWrapper(KEK))


async def test_opens_what_it_sealed_also_in_another_process(database: str, sealer: Sealer) -> None:
    connection = await asyncpg.connect(database)
    sealed = await sealer.seal(connection, "w1", PLACE, "1000.secret")
    assert b"1000.secret" not in sealed
    assert await sealer.open(connection, "w1", PLACE, sealed) == "1000.secret"
    elsewhere = Sealer(LocalKeyWrapper(KEK))
    assert await elsewhere.open(connection, "w1", PLACE, sealed) == "1000.secret"
    await connection.close()


async def test_the_same_secret_is_sealed_differently_each_time(database: str, sealer: Sealer) -> None:
    connection = await asyncpg.connect(database)
    first = await sealer.seal(connection, "w1", PLACE, "same")
    assert first != await sealer.seal(connection, "w1", PLACE, "same")
    await connection.close()


@pytest.mark.control("SEC-03")
@pytest.mark.parametrize(
    ("workspace", "place"),
    [
        ("w2", PLACE),
        ("w1", PLACE._replace(table="subscription")),
        ("w1", PLACE._replace(column="refresh_token")),
        ("w1", PLACE._replace(row="freshbooks")),
    ],
)
async def test_a_moved_ciphertext_does_not_open(
    database: str, sealer: Sealer, workspace: str, place: Place
) -> None:
    connection = await asyncpg.connect(database)
    sealed = await sealer.seal(connection, "w1", PLACE, "secret")
    await sealer.seal(connection, "w2", PLACE, "make the other workspace's key")
    with pytest.raises(FatalError):
        await sealer.open(connection, workspace, place, sealed)
    await connection.close()


@pytest.mark.control("SEC-03")
async def test_another_key_version_does_not_open(database: str, sealer: Sealer) -> None:
    connection = await asyncpg.connect(database)
    sealed = await sealer.seal(connection, "w1", PLACE, "secret")
    wrapped = LocalKeyWrapper(KEK).wrap("w1", 2, bytes(32))
    await connection.execute("insert into workspace_key values ('w1', 2, $1)", wrapped)
    with pytest.raises(FatalError):
        await sealer.open(connection, "w1", PLACE, sealed[:1] + (2).to_bytes(4, "big") + sealed[5:])
    await connection.close()


async def test_a_wrong_key_encryption_key_is_named(database: str, sealer: Sealer) -> None:
    connection = await asyncpg.connect(database)
    sealed = await sealer.seal(connection, "w1", PLACE, "secret")
    with pytest.raises(FatalError, match="TWINLEDGER_KEK"):
        await Sealer(LocalKeyWrapper(bytes(32))).open(connection, "w1", PLACE, sealed)
    await connection.close()


def test_a_key_file_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    settings = KeyFile(data_dir=tmp_path / "new", environment="development")
    first = open_key_wrapper(settings)
    assert open_key_wrapper(settings) == first
    path = tmp_path / "new" / "kek"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["kek"]


def test_production_makes_no_key_by_itself(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="TWINLEDGER_KEK_FILE"):
        open_key_wrapper(KeyFile(data_dir=tmp_path, environment="production"))


def test_a_given_key_comes_before_the_file(tmp_path: Path) -> None:
    given = SecretStr(base64.b64encode(KEK).decode())
    assert open_key_wrapper(KeyFile(kek=given, data_dir=tmp_path)) == LocalKeyWrapper(KEK)
    assert not (tmp_path / "kek").exists()


@pytest.mark.parametrize("text", ["not base64!", base64.b64encode(b"short").decode()])
def test_an_unusable_key_is_refused(text: str) -> None:
    with pytest.raises(FatalError, match="TWINLEDGER_KEK"):
        open_key_wrapper(KeyFile(kek=SecretStr(text)))
