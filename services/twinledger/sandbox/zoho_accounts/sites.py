"""Sandbox, Zoho accounts: organization and people of each simulated data centre, for all products."""

from dataclasses import dataclass

__all__ = ["ORGANIZATIONS", "OWNER", "USERS", "Organization", "User"]


@dataclass(frozen=True, slots=True)
class Organization:
    """`organization_id` is Books', Inventory's and Expense's; `zgid` and `id_prefix` are the CRM's."""

    organization_id: str
    zgid: str
    id_prefix: str
    name: str
    time_zone: str
    currency: str
    currency_symbol: str
    country: str
    country_code: str


@dataclass(frozen=True, slots=True)
class User:
    """`number` is the tail of the person's id in the CRM."""

    zuid: str
    number: int
    first_name: str
    last_name: str
    email: str
    role: str

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}"


OWNER = "owner"  # the actor of `POST /act`

ORGANIZATIONS = {
    "us": Organization(
        "700100200",
        "674318205",
        "4150868",
        "Harbor Works",
        "America/Los_Angeles",
        "USD",
        "$",
        "United States",
        "US",
    ),
    "eu": Organization(
        "700200300",
        "20071162",
        "7231094",
        "Harbor Works Europe",
        "Europe/Berlin",
        "EUR",
        "€",
        "Germany",
        "DE",
    ),
}

USERS = {
    "us": (
        User("660012841", 225013, "Dana", "Okafor", "dana@harborworks.example", "Owner"),
        User("660012902", 225027, "Lou", "Dietz", "lou@harborworks.example", "Manager"),
        User("660013377", 225041, "Yuki", "Tanaka", "yuki@harborworks.example", "Manager"),
    ),
    "eu": (
        User("20083316", 225013, "Ana", "Vogel", "ana@harborworks-eu.example", "Owner"),
        User("20083402", 225027, "Mats", "Lind", "mats@harborworks-eu.example", "Manager"),
    ),
}
