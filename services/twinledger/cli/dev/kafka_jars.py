"""Dev: the pieces Apache Kafka needs: a Java runtime and the jars pinned in deploy/kafka/pom.xml.

Maven fetches the jars once into a folder beside the data; a stamp of the coordinates' file says
whether the folder still fits.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from twinledger.cli.dev.process import run_to_end
from twinledger.kernel.resources import kafka_dir

__all__ = ["Java", "Missing", "fetch_jars", "find_java", "jars_present", "kafka_version"]

OLDEST_JAVA = 17
_STAMP = ".coordinates.sha256"
_POM = "{http://maven.apache.org/POM/4.0.0}"


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime that can run the broker."""

    program: str
    version: int


@dataclass(frozen=True, slots=True)
class Missing:
    """Why something cannot be had, and what would give it."""

    reason: str
    fix: str


def find_java() -> Java | Missing:
    """The runtime of JAVA_HOME, else the one on PATH."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home) / "bin" / "java")] if home else []
    candidates += [found] if (found := shutil.which("java")) else []
    fix = f"install a Java runtime >= {OLDEST_JAVA} (Debian: apt-get install openjdk-17-jre-headless)"
    reason = "no Java runtime in JAVA_HOME or on PATH"
    for program in candidates:
        answer = run_to_end([program, "-version"], timeout_s=30)
        version = _major(answer.stderr + answer.stdout)
        if version >= OLDEST_JAVA:
            return Java(program, version)
        reason = f"{program} is version {version}" if version else f"{program} does not run"
    return Missing(reason, fix)


def kafka_version() -> str:
    """The version pinned in the coordinates' file."""
    tree = ElementTree.parse(_coordinates())  # noqa: S314 - our own file
    found = tree.findtext(f"{_POM}properties/{_POM}kafka.version")
    assert found, "deploy/kafka/pom.xml names kafka.version"
    return found


def jars_present(folder: Path) -> bool:
    """Whether the folder holds the jars of today's coordinates."""
    stamp = folder / _STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _digest()


def fetch_jars(folder: Path, say: Callable[[str], None]) -> Missing | None:
    """Let Maven copy the jars into `folder`; None when they are there. Who comes second waits for them."""
    if jars_present(folder):
        return None
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return None if jars_present(folder) else _fetch(folder, say)


def _fetch(folder: Path, say: Callable[[str], None]) -> Missing | None:
    maven = shutil.which("mvn")
    if maven is None:
        return Missing(
            "the broker's jars are not here and there is no Maven", "install Maven (Debian: maven)"
        )
    say(f"fetching Apache Kafka {kafka_version()} with Maven (about 45 MB, once)")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    goal = [
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={partial.resolve()}",
    ]
    answer = run_to_end([maven, "-q", "-B", "-f", str(_coordinates()), *goal], timeout_s=900)
    if answer.returncode != 0 or not any(partial.glob("kafka_*.jar")):
        said = (answer.stdout + answer.stderr).strip().splitlines()
        return Missing(f"Maven failed: {said[0] if said else answer.returncode}", "look at Maven's settings")
    (partial / _STAMP).write_text(_digest(), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return None


def _coordinates() -> Path:
    return kafka_dir() / "pom.xml"


def _digest() -> str:
    return hashlib.sha256(_coordinates().read_bytes()).hexdigest()


def _major(said: str) -> int:
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found.group(1)) if found else 0
