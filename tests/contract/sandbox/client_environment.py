"""Environments for clients we did not write: one each, cached under .twinledger/clients."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CLIENTS = ROOT / ".twinledger" / "clients"
INSTALL_S = 180
START_S = 30


def python_of(*requirements: str) -> Path:
    """The interpreter of an environment that holds exactly these pinned requirements."""
    home = CLIENTS / "_".join(each.replace("==", "-") for each in requirements)
    python = home / "bin" / "python"
    if not (home / "installed").exists():
        make = [sys.executable, "-m", "venv", "--clear", "--without-pip", str(home)]
        subprocess.run(make, check=True, timeout=INSTALL_S)
        pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
        install = [*pip, "install", "--quiet", *requirements]
        done = subprocess.run(install, capture_output=True, text=True, timeout=INSTALL_S)
        if done.returncode != 0:
            pytest.skip(f"{', '.join(requirements)} cannot be installed here: {done.stderr[-300:]}")
        (home / "installed").touch()
    return python


@contextmanager
def running_sandbox(folder: Path, *arguments: str) -> Iterator[Path]:
    """The sandbox as a process of its own; gives the path of its urls file."""
    urls = folder / "urls.json"
    command = [sys.executable, "-m", "twinledger.sandbox", "--urls", str(urls), *arguments]
    environment = {"PYTHONPATH": str(ROOT / "services"), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("sandbox ready")
        yield urls
    finally:
        process.terminate()
        process.wait(timeout=START_S)
