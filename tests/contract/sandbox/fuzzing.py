"""Arbitrary requests from the sandbox's own OpenAPI, to all vendors of one running program.

Half of the ids in paths are those of records that exist, so that calls get past the first check.
"""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings

__all__ = ["HOSTS", "Fuzzed", "Target", "fuzz"]

HOSTS = {"freshbooks": 0.3, "api_domain": 0.5, "accounts": 0.08, "people": 0.12}
"""Share of the cases that each host gets; `api_domain` serves CRM, Books, Inventory and Expense."""


@dataclass
class Target:
    """One sandbox: its addresses, a token of each family, and ids of its records by object."""

    urls: dict[str, Any]
    ids: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @classmethod
    def open(cls, urls_file: Path) -> "Target":
        target = cls(json.loads(urls_file.read_text()))
        target.without_limits()
        for row in target.lines("/state"):
            target.ids.setdefault((row["system"], row["object"]), []).append(row["id"])
        target.sign_in()
        return target

    def without_limits(self) -> None:
        unlimited = dict.fromkeys(("minute", "day", "in_flight", "heavy_in_flight", "credits", "token"))
        body = json.dumps(unlimited).encode()
        _fetch(Request(self.urls["admin"] + "/limits", body, method="PUT"))  # noqa: S310 - our own server

    def sign_in(self) -> None:
        freshbooks, zoho = self.urls["freshbooks"], self.urls["zoho"]["us"]
        names = ("client_id", "client_secret", "redirect_uri", "refresh_token")
        self.tokens["freshbooks"] = _token(freshbooks["api"] + "/auth/oauth/token", freshbooks, names)
        self.tokens["zoho"] = _token(zoho["accounts"] + "/oauth/v2/token", zoho, names)

    def base(self, host: str) -> str:
        place = self.urls["freshbooks"] if host == "freshbooks" else self.urls["zoho"]["us"]
        return str(place["api" if host == "freshbooks" else host])

    def headers(self, host: str) -> dict[str, str]:
        if host == "freshbooks":
            return {"Authorization": f"Bearer {self.tokens['freshbooks']}"}
        organization = self.urls["zoho"]["us"]["organization_id"]
        return {
            "Authorization": f"Zoho-oauthtoken {self.tokens['zoho']}",
            "X-com-zoho-expense-organizationid": organization,
        }

    def lines(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in _fetch(Request(self.urls["admin"] + path)).splitlines()]  # noqa: S310 - our own server


@dataclass
class Fuzzed:
    """What came back: how often each status, and every answer of 500 and above."""

    cases: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def fuzz(target: Target, host: str, cases: int, chosen_seed: int = 1) -> Fuzzed:
    schema = schemathesis.openapi.from_url(target.base(host) + "/openapi.json")
    headers, dice, seen = target.headers(host), random.Random(chosen_seed), Fuzzed()

    @seed(chosen_seed)
    @given(case=schema.as_strategy())
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def every_case(case: Any) -> None:
        _aim(case, target, host, dice)
        answer = case.call(base_url=target.base(host), headers=headers)
        seen.cases += 1
        seen.statuses[answer.status_code] = seen.statuses.get(answer.status_code, 0) + 1
        if answer.status_code >= 500:
            seen.failures.append(
                f"{case.method} {case.formatted_path} {answer.status_code} {answer.text[:200]}"
            )

    every_case()
    return seen


def _aim(case: Any, target: Target, host: str, dice: random.Random) -> None:
    """Our account, business and organization; for half of the cases a record that exists."""
    given_parts = case.path_parameters or {}
    freshbooks = target.urls["freshbooks"]
    ours = {name: str(freshbooks[name]) for name in ("account_id", "business_id")}
    operation = case.operation.definition.raw
    known = [
        each
        for name in operation["x-objects"]
        for each in target.ids.get((operation["tags"][0], name), [])[:20]
    ]
    if known and dice.random() < 0.5:
        ours["id"] = dice.choice(known)
    case.path_parameters = {name: ours.get(name, value) for name, value in given_parts.items()}
    if host != "freshbooks":
        case.query = {**(case.query or {}), "organization_id": target.urls["zoho"]["us"]["organization_id"]}


def _token(url: str, place: dict[str, Any], names: tuple[str, ...]) -> str:
    form = {name: place[name] for name in names} | {"grant_type": "refresh_token"}
    return str(json.loads(_fetch(Request(url, urlencode(form).encode())))["access_token"])  # noqa: S310 - our own server


def _fetch(request: Request) -> str:
    with urlopen(request, timeout=30) as answer:  # noqa: S310 - our own server
        text: str = answer.read().decode()
        return text
