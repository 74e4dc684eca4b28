"""Sandbox: the command line: its flags, its help, what may be listed in place of a start."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PACKAGES", "Options", "parse_arguments"]

PACKAGES = (
    "freshbooks",
    "zoho_accounts",
    "zoho_crm",
    "zoho_books",
    "zoho_inventory",
    "zoho_expense",
    "zoho_people",
)
ABOUT = """\
Simulators of FreshBooks and Zoho (accounts, CRM, Books, Inventory, Expense, People), true to their APIs:
same paths, envelopes, ids, limits, webhooks and errors. One process, several ports, state in memory.
"""
EXAMPLES = """\
examples:
  twinledger sandbox --urls sandbox.json
      free ports; every address and working credentials go to sandbox.json
  twinledger sandbox --port 9100 --customers 5000 --seed 7
      ports from 9100 on, a larger business, the same on every machine
  twinledger sandbox --switch freshbooks.unique_client_email=true --vendors freshbooks
      one fact turned over, one vendor only
  twinledger sandbox --clock virtual
      time stands still; POST {admin}/clock/advance {"seconds": 3600} moves it
  twinledger sandbox --state sandbox.state
      the state is read at the start, written at the end and at POST {admin}/snapshot
  twinledger sandbox switches
      every fact the vendors do not document, with its default
  twinledger sandbox routes
      every call that is served, with the section of the fact sheet it follows

{admin} is in the urls file: GET {admin}/ledger tells all that happened; faults, limits, webhooks and
the clock are changed there, too (services/twinledger/sandbox/README.md).
"""


@dataclass(frozen=True, slots=True)
class Options:
    port: int = 0
    host: str = "127.0.0.1"
    urls: Path | None = None
    customers: int = 0
    seed: int = 1
    switches: tuple[tuple[str, str], ...] = ()
    clock: str = "real"
    state: Path | None = None
    vendors: tuple[str, ...] = PACKAGES
    listed: str | None = None


def parse_arguments(arguments: Sequence[str]) -> Options:
    parser = _parser()
    parsed = parser.parse_args(arguments)
    pairs = [each.partition("=") for each in parsed.switch]
    if any(not separator for _, separator, _ in pairs):
        parser.error("--switch takes NAME=VALUE")
    names = tuple(name.strip() for name in parsed.vendors.split(",") if name.strip())
    unknown = set(names) - set(PACKAGES)
    if unknown:
        parser.error(f"no vendor named {', '.join(sorted(unknown))}; there are {', '.join(PACKAGES)}")
    state = (
        parsed.state / "sandbox.state" if parsed.state is not None and parsed.state.is_dir() else parsed.state
    )
    return Options(
        port=parsed.port,
        host=parsed.host,
        urls=parsed.urls,
        customers=parsed.customers,
        seed=parsed.seed,
        switches=tuple((name, value) for name, _, value in pairs),
        clock=parsed.clock,
        state=state,
        vendors=names,
        listed=parsed.list or parsed.what,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "twinledger sandbox",
        description=ABOUT,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    listed = ("switches", "routes", "page")
    parser.add_argument(
        "what", nargs="?", choices=listed, help="print these and stop; page: both, as Markdown"
    )
    parser.add_argument("--port", type=int, default=0, help="first of 9 ports; 0 takes free ones")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--urls", type=Path, metavar="FILE", help="receives all addresses and credentials")
    parser.add_argument(
        "--customers", type=int, default=50, metavar="N", help="size of the seeded business (50; 0: empty)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="same seed, same business and same faults"
    )
    parser.add_argument("--switch", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    parser.add_argument("--clock", choices=("real", "virtual"), default="real", help="virtual: moved by call")
    parser.add_argument(
        "--state",
        "--data-dir",
        dest="state",
        type=Path,
        metavar="FILE",
        help="state file (or its folder): read at start, written at stop",
    )
    parser.add_argument("--list", choices=listed, help=argparse.SUPPRESS)
    parser.add_argument("--vendors", default=",".join(PACKAGES), metavar="A,B", help="only these vendors")
    return parser
