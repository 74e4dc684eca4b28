"""Arbitrary requests from the sandbox's own OpenAPI, 5,000 over all vendors: never a server error."""

from collections.abc import Iterator

import pytest
from tests.contract.sandbox.client_environment import running_sandbox
from tests.contract.sandbox.fuzzing import HOSTS, Target, fuzz

CASES = 5_000


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), "--customers", "50") as urls:
        yield Target.open(urls)


@pytest.mark.parametrize("host", HOSTS)
def test_no_server_error_in_5000_cases(target: Target, host: str) -> None:
    wanted = round(CASES * HOSTS[host])
    seen = fuzz(target, host, wanted, chosen_seed=2)
    print(f"{host}: {seen.cases} cases, answers {dict(sorted(seen.statuses.items()))}")  # noqa: T201 - the figure of the gate
    assert seen.failures == []
    assert seen.cases >= wanted
