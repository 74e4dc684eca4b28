"""The calls of the sandbox bench: signs in at one running sandbox and names real records of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

__all__ = ["Calls", "Target", "open_target"]

Call = tuple[str, str, str]
_UNLIMITED = ("minute", "day", "in_flight", "heavy_in_flight", "credits", "token")
_FIELDS = (
    "First_Name,Last_Name,Full_Name,Email,Phone,Mobile,Account_Name,Owner,Modified_Time,Created_Time,"
    "Mailing_City,Mailing_Street,Mailing_Country,Mailing_State,Mailing_Zip"
)
_READS_PER_S, _CREATES_PER_S = 1_500.0, 1_000.0


@dataclass(frozen=True)
class Calls:
    """What the load generator sends to one port, in turn."""

    name: str
    port: int
    headers: Mapping[str, str]
    calls: tuple[Call, ...]
    at_least: float | None = None


class Target:
    def __init__(self, urls: Mapping[str, Any]) -> None:
        freshbooks, zoho = urls["freshbooks"], urls["zoho"]["us"]
        names = ("client_id", "client_secret", "redirect_uri", "refresh_token")
        bearer = _token(freshbooks["api"] + "/auth/oauth/token", {each: freshbooks[each] for each in names})
        oauth = _token(zoho["accounts"] + "/oauth/v2/token", {each: zoho[each] for each in names})
        self._freshbooks = (_port(freshbooks["api"]), {"authorization": f"Bearer {bearer}"})
        self._zoho = (_port(zoho["api_domain"]), {"authorization": f"Zoho-oauthtoken {oauth}"})
        self._clients = f"/accounting/account/{freshbooks['account_id']}/users/clients"
        self._invoices = f"/accounting/account/{freshbooks['account_id']}/invoices/invoices"
        self._organization = f"organization_id={zoho['organization_id']}"
        self._books = "/books/v3/contacts"
        listed = self._get(freshbooks["api"] + self._clients + "?per_page=1", self._freshbooks[1])
        self._total = int(listed["response"]["result"]["total"])
        self._client = listed["response"]["result"]["clients"][0]
        person = self._get(zoho["api_domain"] + "/crm/v8/Contacts?fields=Email&per_page=1", self._zoho[1])
        self._person = person["data"][0]
        contacts = f"{zoho['api_domain']}{self._books}?per_page=1&{self._organization}"
        self._contact = self._get(contacts, self._zoho[1])["contacts"][0]

    def reads(self) -> list[Calls]:
        return [
            self._of_freshbooks(
                "reads, FreshBooks",
                *[("GET", f"{self._clients}/{self._client['id']}", "")] * 3,
                ("GET", f"{self._clients}?per_page=100", ""),
                ("GET", f"{self._clients}?per_page=100&page={self._total // 200 + 1}", ""),
                ("GET", f"{self._clients}?per_page=100&search%5Bupdated_min%5D=2026-06-01", ""),
                ("GET", f"{self._clients}?search%5Borganization_like%5D=ceramics", ""),
                ("GET", f"{self._clients}?search%5Bemail%5D=nobody@nowhere.example", ""),
                at_least=_READS_PER_S,
            ),
            self._of_zoho(
                "reads, Zoho CRM",
                *[("GET", f"/crm/v8/Contacts/{self._person['id']}", "")] * 3,
                ("GET", f"/crm/v8/Contacts?fields={_FIELDS}", ""),
                ("GET", f"/crm/v8/Contacts?fields={_FIELDS}&page=9", ""),
                ("GET", f"/crm/v8/Contacts?fields={_FIELDS}&sort_by=Modified_Time", ""),
                ("GET", f"/crm/v8/Contacts/search?email={self._person['Email']}", ""),
                ("POST", "/crm/v8/coql", json.dumps({"select_query": self._coql()})),
                at_least=_READS_PER_S,
            ),
            self._of_zoho(
                "reads, Zoho Books",
                *[("GET", f"{self._books}/{self._contact['contact_id']}?{self._organization}", "")] * 3,
                ("GET", f"{self._books}?per_page=100&{self._organization}", ""),
                ("GET", f"{self._books}?per_page=100&page={self._total // 200 + 1}&{self._organization}", ""),
                ("GET", f"{self._books}?sort_column=last_modified_time&{self._organization}", ""),
                ("GET", f"{self._books}?search_text=ceramics&{self._organization}", ""),
                ("GET", f"{self._books}?contact_name=Nobody&{self._organization}", ""),
                at_least=_READS_PER_S,
            ),
        ]

    def creates(self) -> list[Calls]:
        client = {"email": "bench{n}@x.example", "organization": "Bench {n}", "fname": "B", "lname": "{n}"}
        line = {"name": "Photo", "qty": 2, "unit_cost": {"amount": "21.00", "code": "USD"}}
        invoice = {"customerid": self._client["id"], "create_date": "2026-05-01", "lines": [line]}
        record = {"First_Name": "B", "Last_Name": "Bench {n}", "Email": "bench{n}@x.example"}
        books = f"{self._books}?{self._organization}"
        made = {
            "FreshBooks clients": (self._of_freshbooks, self._clients, {"client": client}),
            "FreshBooks invoices": (self._of_freshbooks, self._invoices, {"invoice": invoice}),
            "Zoho CRM contacts": (self._of_zoho, "/crm/v8/Contacts", {"data": [record]}),
            "Zoho Books contacts": (self._of_zoho, books, {"contact_name": "Bench {n}"}),
        }
        return [
            of(f"creates, {name}", ("POST", path, json.dumps(body)), at_least=_CREATES_PER_S)
            for name, (of, path, body) in made.items()
        ]

    def pages(self) -> list[Calls]:
        """Ten pages of 100, or as many as there are, evenly over the whole list."""
        count = max(1, self._total // 100)
        wanted = sorted({1 + step * count // 10 for step in range(10)})
        books = [f"{self._books}?per_page=100&page={page}&{self._organization}" for page in wanted]
        clients = [f"{self._clients}?per_page=100&page={page}" for page in wanted]
        contacts = f"/crm/v8/Contacts?fields={_FIELDS}&per_page=100"
        return [
            self._of_freshbooks("FreshBooks clients, page of 100", *[("GET", each, "") for each in clients]),
            self._of_zoho("Zoho Books contacts, page of 100", *[("GET", each, "") for each in books]),
            self._of_zoho("Zoho CRM contacts, page of 100", ("GET", contacts, "")),
        ]

    def _coql(self) -> str:
        return f"select Last_Name, Email from Contacts where Email = '{self._person['Email']}'"

    def _of_freshbooks(self, name: str, *calls: Call, at_least: float | None = None) -> Calls:
        return Calls(name, *self._freshbooks, calls, at_least)

    def _of_zoho(self, name: str, *calls: Call, at_least: float | None = None) -> Calls:
        return Calls(name, *self._zoho, calls, at_least)

    def _get(self, url: str, headers: Mapping[str, str]) -> Any:
        return _fetch(Request(url, headers=dict(headers)))  # noqa: S310 - our own server


def open_target(urls: Mapping[str, Any]) -> Target:
    """Limits off first, then the sign-in."""
    body = json.dumps(dict.fromkeys(_UNLIMITED)).encode()
    _fetch(Request(urls["admin"] + "/limits", body, method="PUT"))  # noqa: S310 - our own server
    return Target(urls)


def _token(url: str, form: Mapping[str, str]) -> str:
    body = urlencode({**form, "grant_type": "refresh_token"}).encode()
    return str(_fetch(Request(url, body))["access_token"])  # noqa: S310 - our own server


def _fetch(request: Request) -> Any:
    with urlopen(request, timeout=120) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])
