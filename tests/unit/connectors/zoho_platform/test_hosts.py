"""Zoho hosts: an address in an answer selects a row of the list or ends the connect."""

from __future__ import annotations

import pytest

from twinledger.connectors.zoho_platform.hosts import Hosts, load_data_centres
from twinledger.kernel.errors import PermanentError

US = "https://accounts.zoho.com"
SANDBOX = "http://127.0.0.1:8000"


def production() -> Hosts:
    return Hosts(load_data_centres(), environment="production", sandbox_origins=[SANDBOX])


@pytest.mark.parametrize(
    ("accounts", "api"),
    [
        ("https://accounts.zoho.com", "https://www.zohoapis.com"),
        ("https://accounts.zoho.eu/", "https://www.zohoapis.eu"),
        ("https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
        ("https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
    ],
)
def test_known_hosts(accounts: str, api: str) -> None:
    assert production().accounts_server(accounts) == accounts.removesuffix("/")
    assert production().api_domain(api, accounts) == api


@pytest.mark.control("SEC-10")
@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://accounts.zoho.com",
        "http://www.zohoapis.com",
        "https://accounts.zoho.com.evil.example",
        "https://accounts.zoho.com:444",
        "https://accounts.zoho.com:443",
        "https://user@accounts.zoho.com",
        "https://accounts.zoho.com@evil.example",
        "https://accounts.zoho.com/../x",
        "https://accounts.zoho.com//",
        "https://ACCOUNTS.ZOHO.COM",
        "https://accounts.zoho.com\n.evil.example",
        "https://accounts.zoho.com?x=",
        "https://evil.example/accounts.zoho.com",
        "https://accounts.zoho.uk",
        "https://169.254.169.254",
        "https://sandbox.zohoapis.com",
        "https://www.zohoapis.co",
        "https://www.zohoapis.com.",
        SANDBOX,
        "file:///etc/passwd",
    ],
)
def test_nothing_else_is_reached_in_production(url: str) -> None:
    with pytest.raises(PermanentError):
        production().accounts_server(url)
    with pytest.raises(PermanentError):
        production().api_domain(url, US)


@pytest.mark.control("SEC-10")
def test_an_api_host_of_another_data_centre_ends_the_connect() -> None:
    with pytest.raises(PermanentError):
        production().api_domain("https://www.zohoapis.eu", US)


def test_an_accounts_server_is_no_api_host_and_the_other_way_round() -> None:
    with pytest.raises(PermanentError):
        production().api_domain("https://accounts.zoho.com", US)
    with pytest.raises(PermanentError):
        production().accounts_server("https://www.zohoapis.com")


def test_listed_sandbox_origins_count_outside_production_only() -> None:
    hosts = Hosts(load_data_centres(), environment="development", sandbox_origins=[SANDBOX])
    assert hosts.accounts_server(SANDBOX) == SANDBOX
    assert hosts.api_domain(SANDBOX, SANDBOX) == SANDBOX
    assert hosts.api_domain("https://sandbox.zohoapis.com", US) == "https://sandbox.zohoapis.com"
    with pytest.raises(PermanentError):
        hosts.api_domain("http://127.0.0.1:8001", SANDBOX)
