"""Arbitrary requests from the sandbox's own OpenAPI to Books, Inventory, Expense, People: no server error."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from tests.contract.sandbox.client_environment import running_sandbox

VENDORS = "zoho_accounts,zoho_books,zoho_inventory,zoho_expense,zoho_people"
SYSTEMS = ("zoho_books", "zoho_inventory", "zoho_expense", "zoho_people")


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, "--vendors", VENDORS, "--customers", "20") as path:
        document = json.loads(Path(path).read_text())
        for system in SYSTEMS:
            body = {"system": system, "minute": None, "day": None, "in_flight": None}
            request = Request(document["admin"] + "/limits", json.dumps(body).encode(), method="PUT")  # noqa: S310 - our own server
            urlopen(request, timeout=10).close()  # noqa: S310 - our own server
        yield document["zoho"]["us"]


def _token(urls: dict[str, Any]) -> str:
    form = {name: urls[name] for name in ("client_id", "client_secret", "refresh_token")}
    body = urlencode(form | {"grant_type": "refresh_token"}).encode()
    with urlopen(Request(urls["accounts"] + "/oauth/v2/token", data=body), timeout=10) as answer:  # noqa: S310 - our own server
        token: str = json.load(answer)["access_token"]
        return token


@pytest.mark.parametrize(("host", "cases"), [("api_domain", 500), ("people", 100)])
def test_no_server_error(urls: dict[str, Any], host: str, cases: int) -> None:
    schema = schemathesis.openapi.from_url(urls[host] + "/openapi.json")
    organization = urls["organization_id"]
    headers = {
        "Authorization": f"Zoho-oauthtoken {_token(urls)}",
        "X-com-zoho-expense-organizationid": organization,
    }
    failures: list[str] = []
    statuses: set[int] = set()

    @given(case=schema.as_strategy())
    @settings(
        max_examples=cases, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    def every_case(case: Any) -> None:
        case.query = {**(case.query or {}), "organization_id": organization}
        answer = case.call(base_url=urls[host], headers=headers)
        statuses.add(answer.status_code)
        if answer.status_code >= 500:
            failures.append(f"{case.method} {case.formatted_path} {answer.status_code} {answer.text[:200]}")

    every_case()
    assert failures == []
    assert 200 in statuses
