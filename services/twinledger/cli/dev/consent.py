"""Dev: what a person does on a consent page: read it, press the first button, follow the redirect."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

from twinledger.kernel.errors import FatalError
from twinledger.kernel.http import AsyncClient

__all__ = ["consent"]


async def consent(http: AsyncClient, page_address: str, choices: Mapping[str, str] | None = None) -> str:
    """The address the vendor sends the browser to. `choices` fill the form, where it has such fields."""
    answer = await http.get(page_address)
    if answer.status_code == 200:
        form = _Form()
        form.feed(answer.text)
        if form.action is None:
            raise FatalError("the consent page has no form")
        fields = {name: (choices or {}).get(name, value) for name, value in form.fields.items()}
        answer = await http.post(urljoin(page_address, form.action), data=fields)
    target = str(answer.headers.get("location", ""))
    if answer.status_code not in (302, 303) or not target:
        raise FatalError(f"the consent page refused with status {answer.status_code}")
    return target


class _Form(HTMLParser):
    """The first form: its address and what pressing its first button sends."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._select = ""
        self._pressed = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form" and self.action is None:
            self.action = given.get("action", "")
        elif tag == "input" and name and given.get("type") not in ("submit", "button"):
            self.fields[name] = given.get("value", "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.fields):
            self.fields[self._select] = given.get("value", "")
        elif tag in ("button", "input") and not self._pressed:
            self._pressed = True
            if name:
                self.fields[name] = given.get("value", "")
