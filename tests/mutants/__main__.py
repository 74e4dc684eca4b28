"""`make mutants`: the safeguards, and the first test that goes red without each; `ONLY=name,name`."""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.mutants.safeguard import Safeguard
from tests.mutants.safeguards import SAFEGUARDS

PROCESSES = 2
PATIENCE_S = 240.0
_RED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


def red_without(safeguard: Safeguard) -> tuple[str, float]:
    """The first test that fails; empty when there is none."""
    began = time.monotonic()
    red = _RED.search(_pytest(safeguard.tests, {"MUTATE": safeguard.name})[1])
    return red.group(1) if red is not None else "", time.monotonic() - began


def are_green(tests: Sequence[str]) -> bool:
    """With every safeguard on: a test that is red anyway notices nothing."""
    status, said = _pytest(tests, {})
    if status:
        _say(said[-4000:])
    return status == 0


def _pytest(tests: Sequence[str], environment: dict[str, str]) -> tuple[int, str]:
    """Its exit status and what it said. One that does not end is ended, with the servers it started."""
    options = ("-x", "-q", "-rfE", "--tb=no", "-p", "tests.mutants.switch", "-p", "no:cacheprovider")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, *tests],
        env={**os.environ, "PYTHONHASHSEED": "0", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
    return process.returncode, said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    only = [name for name in parser.parse_args().only.split(",") if name]
    if unknown := sorted(set(only) - {one.name for one in SAFEGUARDS}):
        parser.error(f"no safeguard named {', '.join(unknown)}; try: one of tests/mutants/")
    chosen = [one for one in SAFEGUARDS if not only or one.name in only]
    noticed: list[str] = []
    with ThreadPoolExecutor(PROCESSES) as pool:
        for safeguard, (red, took_s) in zip(chosen, pool.map(red_without, chosen), strict=True):
            _say(f"{safeguard.name:<36} {took_s:4.0f} s  {red or 'STAYS GREEN'}")
            noticed += [red] if red else []
    _say(f"{len(noticed)} of {len(chosen)} safeguards are missed when they are off")
    return 0 if len(noticed) == len(chosen) and are_green(sorted(set(noticed))) else 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
