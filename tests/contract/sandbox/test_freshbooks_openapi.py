"""Arbitrary requests from the sandbox's own OpenAPI: never a server error, never a traceback."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from tests.contract.sandbox.client_environment import running_sandbox


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, "--vendors", "freshbooks", "--customers", "20") as path:
        yield json.loads(Path(path).read_text())["freshbooks"]


def _token(urls: dict[str, Any]) -> str:
    form = {name: urls[name] for name in ("client_id", "client_secret", "redirect_uri", "refresh_token")}
    body = urlencode(form | {"grant_type": "refresh_token"}).encode()
    with urlopen(Request(urls["api"] + "/auth/oauth/token", data=body), timeout=10) as answer:  # noqa: S310 - our own server
        token: str = json.load(answer)["access_token"]
        return token


def test_no_server_error_in_500_cases(urls: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_url(urls["api"] + "/openapi.json")
    headers = {"Authorization": f"Bearer {_token(urls)}"}
    ours = {name: str(urls[name]) for name in ("account_id", "business_id")}
    failures: list[str] = []

    @given(case=schema.as_strategy())
    @settings(
        max_examples=500,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
    )
    def every_case(case: Any) -> None:
        case.path_parameters = {
            **(case.path_parameters or {}),
            **{key: each for key, each in ours.items() if key in (case.path_parameters or {})},
        }
        answer = case.call(base_url=urls["api"], headers=headers)
        if answer.status_code >= 500:
            failures.append(f"{case.method} {case.formatted_path} {answer.status_code} {answer.text[:200]}")

    every_case()
    assert failures == []
