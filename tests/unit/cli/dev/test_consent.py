"""What a person does on a consent page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from twinledger.cli.dev.consent import consent
from twinledger.kernel.errors import FatalError
from twinledger.kernel.http import AsyncBaseTransport, Request, Response, new_http_client

_PAGE = """<form method="post" action="/allow"><input type="hidden" name="client_id" value="me">
<select name="location"><option value="eu">eu</option><option value="us" selected>us</option></select>
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Deny</button></form>"""


class Vendor(AsyncBaseTransport):
    """Answers every request as told."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._answer = answer

    async def handle_async_request(self, request: Request) -> Response:
        return self._answer(request)


async def test_the_first_button_is_pressed_with_all_fields() -> None:
    posted: list[bytes] = []

    def vendor(request: Request) -> Response:
        if request.method == "GET":
            return Response(200, text=_PAGE)
        posted.append(request.content)
        return Response(302, headers={"location": "http://127.0.0.1/cb?code=abc&state=s%201"})

    async with new_http_client(transport=Vendor(vendor)) as http:
        back = await consent(http, "http://vendor.example/auth", {"location": "eu", "shoe_size": "44"})
    assert back == "http://127.0.0.1/cb?code=abc&state=s%201"
    assert posted == [b"client_id=me&location=eu&decision=allow"]


async def test_a_vendor_may_redirect_at_once() -> None:
    def vendor(request: Request) -> Response:
        return Response(302, headers={"location": "http://127.0.0.1/cb?code=abc"})

    async with new_http_client(transport=Vendor(vendor)) as http:
        assert await consent(http, "http://vendor.example/auth") == "http://127.0.0.1/cb?code=abc"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Response(400, text="no such client"), "status 400"),
        (Response(200, text="<p>closed</p>"), "no form"),
    ],
)
async def test_a_refusal_says_why(answer: Response, why: str) -> None:
    async with new_http_client(transport=Vendor(lambda request: answer)) as http:
        with pytest.raises(FatalError, match=why):
            await consent(http, "http://vendor.example/auth")
