"""Environments for npm clients: one each, pinned, cached under .twinledger/clients beside the Python ones."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.contract.sandbox.client_environment import CLIENTS, INSTALL_S

__all__ = ["node", "node_client"]


def node() -> str:
    """The Node program, or a skip that says what is missing."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        pytest.skip("Node and npm are not on PATH")
    return found


def node_client(requirement: str) -> Path:
    """A folder whose node_modules hold exactly this pinned package and what it needs."""
    node()
    home = CLIENTS / requirement.strip("@").replace("/", "-").replace("@", "-")
    if not (home / "installed").exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private": true}\n')
        install = ["npm", "install", "--no-audit", "--no-fund", "--save-exact", requirement]
        done = subprocess.run(install, cwd=home, capture_output=True, text=True, timeout=INSTALL_S)
        if done.returncode != 0:
            pytest.skip(f"{requirement} cannot be installed here: {done.stderr[-300:]}")
        (home / "installed").touch()
    return home
