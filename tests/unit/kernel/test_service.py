from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping

import orjson
import pytest

STAGE = """
import asyncio
from contextlib import asynccontextmanager
from twinledger.kernel.service import run_service
from twinledger.kernel.settings import StageSettings

class Worker:
    def __init__(self): self.stopping = asyncio.Event()
    def stop(self): self.stopping.set()
    async def run(self):
        print("running", flush=True)
        MODE
        await self.stopping.wait()
        print("drained", flush=True)

@asynccontextmanager
async def build(settings, runtime):
    print(settings.workspace, runtime.stage, flush=True)
    yield [Worker()]
    print("closed", flush=True)

run_service("teststage", StageSettings, build)
"""
SETTINGS = {
    "DATABASE_URL": "postgresql://x/y",
    "KAFKA_BOOTSTRAP_SERVERS": "k:1",
    "TWINLEDGER_ADMIN_PORT": "0",
}


def start(mode: str = "", settings: Mapping[str, str] = SETTINGS) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    return subprocess.Popen(
        [sys.executable, "-c", STAGE.replace("MODE", mode)],
        env={**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_the_workers_then_closes_the_wiring(number: signal.Signals) -> None:
    stage = start()
    assert stage.stdout is not None
    assert [stage.stdout.readline().strip() for _ in range(2)] == ["default teststage", "running"]
    stage.send_signal(number)
    out, err = stage.communicate(timeout=30)
    assert out.split() == ["drained", "closed"]
    assert stage.returncode == 0
    events = [orjson.loads(line)["event"] for line in err.splitlines()]
    assert events == ["stage_started", "stage_drained", "stage_stopped"]


def test_a_worker_that_fails_ends_the_process_with_one_line_of_why() -> None:
    stage = start('raise ValueError("ada@example.com")')
    out, err = stage.communicate(timeout=30)
    assert stage.returncode == 1
    last = orjson.loads(err.splitlines()[-1])
    assert (last["event"], last["exception_class"]) == ("process_failed", "ValueError")
    assert "ada@example.com" not in err
    assert "running" in out


def test_bad_settings_are_one_line_of_cause_and_one_of_what_to_try() -> None:
    stage = start(settings={"KAFKA_BOOTSTRAP_SERVERS": "k:1"})
    _, err = stage.communicate(timeout=30)
    assert stage.returncode == 2
    assert err.startswith("error: setting database_url: ")
    assert "try: " in err
