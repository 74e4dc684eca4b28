"""Sandbox, Zoho accounts: one data centre's OAuth server: consent, tokens, throttle, revocation."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..call import Call, Reply, json_reply
from ..grants import App, Grant
from ..limits import LimitSettings
from ..plugin import Problem, Route
from ..world import SITES
from .codes import Consent
from .exchange import Exchange
from .facts import SWITCHES
from .sites import ORGANIZATIONS, USERS
from .tokens import ZohoVendor

if TYPE_CHECKING:
    from ..world import World

__all__ = ["ALL_SCOPES", "ZohoAccounts"]

REDIRECT_URI = "http://127.0.0.1:8930/oauth/zoho/callback"
TOKENS_PER_WINDOW = 10
ALL_SCOPES = (
    "ZohoCRM.modules.ALL",
    "ZohoCRM.settings.ALL",
    "ZohoCRM.users.READ",
    "ZohoCRM.org.READ",
    "ZohoCRM.coql.READ",
    "ZohoCRM.notifications.ALL",
    "ZohoCRM.bulk.ALL",
    "ZohoCRM.composite_requests.CUSTOM",
    "ZohoCRM.apis.READ",
    "ZohoSearch.securesearch.READ",
    "ZohoFiles.files.ALL",
    "ZohoBooks.fullaccess.all",
    "ZohoInventory.fullaccess.all",
    "ZohoExpense.fullaccess.ALL",
    "ZOHOPEOPLE.forms.ALL",
    "ZOHOPEOPLE.employee.ALL",
    "ZOHOPEOPLE.timetracker.ALL",
    "ZOHOPEOPLE.leave.ALL",
    "ZOHOPEOPLE.attendance.ALL",
)


class Consents:
    """Which scopes a person has allowed each client before; saved in the snapshot."""

    def __init__(self) -> None:
        self._given: dict[str, set[str]] = {}

    def add(self, client_id: str, scopes: Sequence[str]) -> None:
        self._given.setdefault(client_id, set()).update(scopes)

    def covers(self, client_id: str, scopes: Sequence[str]) -> bool:
        return set(scopes) <= self._given.get(client_id, set())

    def dump(self) -> Any:
        return {client_id: sorted(scopes) for client_id, scopes in self._given.items()}

    def load(self, state: Any) -> None:
        self._given = {client_id: set(scopes) for client_id, scopes in state.items()}


class ZohoAccounts(ZohoVendor):
    def __init__(self, world: "World", site: str) -> None:
        super().__init__(world, "zoho_accounts", site, limits=LimitSettings(token=TOKENS_PER_WINDOW))
        world.switches.declare(*SWITCHES)
        self.consents: Consents = world.shared(f"zoho.{site}.consents", Consents)
        self._consent = Consent(self)
        self._exchange = Exchange(self)
        app = world.shared("zoho.app", lambda: _new_app(world))
        self.grants.apps[app.client_id] = app
        self._app: App = app

    def at(self, site: str) -> "ZohoAccounts":
        """The same server in another data centre: people may sign in at any of them."""
        system = "zoho_accounts" if site == "us" else f"zoho_accounts@{site}"
        found = self.world.vendor(system)
        assert isinstance(found, ZohoAccounts)
        return found

    def new_token(self) -> str:
        name = f"zoho.{self.site}.tokens"
        return f"1000.{self.world.random.token(name, 32)}.{self.world.random.token(name, 32)}"

    def hosts(self) -> Sequence[tuple[str, str]]:
        return [(f"zoho.{self.site}.accounts", "/")]

    def routes(self) -> Sequence[Route]:
        return [
            self._route("GET", "/oauth/v2/auth", self._consent.ask, "Consent page", "2.1"),
            self._route("POST", "/oauth/v2/auth", self._consent.decide, "Allow or deny", "2.1"),
            self._route(
                "POST", "/developerconsole/selfclient", self._consent.self_client, "Self client", "2.6"
            ),
            self._route("POST", "/oauth/v2/token", self._exchange.token, "Token", "2.2"),
            self._route("POST", "/oauth/v2/token/revoke", self._exchange.revoke, "Revoke", "2.5"),
            self._route("POST", "/oauth/v2/revoke/token", self._exchange.revoke_basic, "Revoke", "2.5"),
            self._route("GET", "/oauth/serverinfo", self._server_info, "Data centres", "1"),
        ]

    def _route(self, method: str, path: str, handler: Any, summary: str, section: str) -> Route:
        return Route(
            method,
            path,
            handler,
            f"zoho.{self.site}.accounts",
            summary=summary,
            sheet=f"zoho-crm.md {section}",
            public=True,
            limited=False,
            secrets=True,
        )

    def _server_info(self, call: Call) -> Reply:
        locations = {site: self.world.url(f"zoho.{site}.accounts") for site in SITES}
        return json_reply({"result": "success", "locations": locations})

    def problem(self, call: Call, problem: Problem) -> Reply:
        if problem.kind in {"fault", "crash"}:
            return json_reply({"error": "general_error"}, problem.status)
        return json_reply({"error": "general_error"}, 404 if problem.kind == "no_route" else 400)

    def describe(self) -> dict[str, Any]:
        grant = self.open_grant(self._app.client_id, USERS[self.site][0].zuid, ALL_SCOPES, offline=True)
        return {
            "accounts": self.world.url(f"zoho.{self.site}.accounts"),
            "api_domain": self.world.url(f"zoho.{self.site}.api"),
            "people": self.world.url(f"zoho.{self.site}.people"),
            "client_id": self._app.client_id,
            "client_secret": self._app.client_secret,
            "redirect_uri": REDIRECT_URI,
            "refresh_token": grant.refresh_token,
            "organization_id": ORGANIZATIONS[self.site].organization_id,
        }

    def open_grant(self, client_id: str, user_id: str, scopes: tuple[str, ...], *, offline: bool) -> Grant:
        number = self.world.counters.next(f"zoho.{self.site}.grant")
        return self.grants.open(
            Grant(
                f"{self.site}-{number}",
                client_id,
                user_id,
                scopes,
                self.new_token() if offline else None,
                self.world.clock.now(),
            )
        )


def _new_app(world: "World") -> App:
    client_id = f"1000.{world.random.token('zoho.app', 30).upper()}"
    return App(client_id, world.random.token("zoho.app", 42), (REDIRECT_URI,), ())
