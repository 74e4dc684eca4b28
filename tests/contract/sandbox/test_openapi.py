"""Arbitrary requests from the sandbox's own OpenAPI, 500 over all vendors: never a server error."""

from collections.abc import Iterator

import pytest
from tests.contract.sandbox.client_environment import running_sandbox
from tests.contract.sandbox.fuzzing import HOSTS, Target, fuzz

CASES = 500


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), "--customers", "20") as urls:
        yield Target.open(urls)


@pytest.mark.parametrize("host", HOSTS)
def test_no_server_error_in_500_cases(target: Target, host: str) -> None:
    wanted = round(CASES * HOSTS[host])
    seen = fuzz(target, host, wanted)
    assert seen.failures == []
    assert seen.cases >= wanted
    assert any(200 <= status < 300 for status in seen.statuses), "all were refused"


def test_all_hosts_together_get_500_cases() -> None:
    assert sum(round(CASES * share) for share in HOSTS.values()) >= CASES
