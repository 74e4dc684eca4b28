"""The state file: a sandbox that was killed goes on where its snapshot was taken."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.contract.sandbox.client_environment import ROOT


def _start(folder: Path, *arguments: str) -> tuple["subprocess.Popen[str]", dict[str, Any]]:
    urls = folder / "urls.json"
    command = [sys.executable, "-m", "twinledger.sandbox", "--urls", str(urls), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "services")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("sandbox ready")
    return process, json.loads(urls.read_text())


def _get(url: str, body: dict[str, Any] | None = None) -> str:
    request = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode())  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
        text: str = answer.read().decode()
        return text


def test_a_snapshot_survives_kill_9(tmp_path: Path) -> None:
    state = str(tmp_path / "sandbox.state")
    process, urls = _start(tmp_path, "--state", state, "--customers", "5")
    act = {"system": "freshbooks", "object": "client", "op": "create", "fields": {"organization": "Kept"}}
    made = json.loads(_get(urls["admin"] + "/act", act))
    before = _get(urls["admin"] + "/state")
    _get(urls["admin"] + "/snapshot", {})
    _get(urls["admin"] + "/act", act | {"fields": {"organization": "Lost"}})
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=10)

    process, urls = _start(tmp_path, "--state", state)
    after = _get(urls["admin"] + "/state")
    ledger = [json.loads(line) for line in _get(urls["admin"] + "/ledger").splitlines()]
    again = json.loads(_get(urls["admin"] + "/act", act))
    process.terminate()
    process.wait(timeout=10)
    assert after == before
    assert [line["kind"] for line in ledger] == ["effect", "act"]
    assert int(again["id"]) == int(made["id"]) + 1
