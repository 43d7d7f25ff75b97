"""Pages compressed on their way out, and nothing else: and what of it a listener cannot use."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from api.http.compressing import Compressing, compressed, takes_gzip
from api.http.cookies import csrf_of, is_csrf_of, masked_csrf_of
from ledger.core.canonical import base64url, unbase64url
from tests.http.served import Served
from tests.sign_in.browser import PLACE, Browser

LONG = "<p>Amina was here.</p>" * 100
FORM = {"content-type": "application/x-www-form-urlencoded", "origin": PLACE, "sec-fetch-site": "same-origin"}


async def _streamed() -> Any:
    for _ in range(3):
        yield LONG


ANSWERS: dict[str, Callable[[], Response]] = {
    "page": lambda: HTMLResponse(LONG),
    "short": lambda: HTMLResponse("<p>Hello.</p>"),
    "json": lambda: JSONResponse({"text": LONG}),
    "streamed": lambda: StreamingResponse(_streamed(), media_type="text/html"),
    "tagged": lambda: HTMLResponse(LONG, headers={"etag": '"1"'}),
    "encoded": lambda: HTMLResponse(gzip.compress(LONG.encode()), headers={"content-encoding": "gzip"}),
}


def answering(name: str) -> Callable[[object], Awaitable[Response]]:
    async def answer(_request: object) -> Response:
        return ANSWERS[name]()

    return answer


async def raw(path: str, accepted: str) -> tuple[httpx.Headers, bytes]:
    """An answer's headers and the very bytes of its body."""
    app = Compressing(Starlette(routes=[Route(f"/{name}", answering(name)) for name in ANSWERS]))
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()  # the browser stays
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    headers = [(b"accept-encoding", accepted.encode())]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": b"", "query_string": b"", "headers": headers}
    await app(scope, receive, send)
    assert [message["type"] for message in sent[:1]] == ["http.response.start"]
    return httpx.Headers(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


async def test_a_page_is_compressed_for_whoever_takes_it() -> None:
    headers, body = await raw("/page", "br, gzip")
    assert (headers["content-encoding"], headers["vary"]) == ("gzip", "accept-encoding")
    assert int(headers["content-length"]) == len(body) < len(LONG) / 5
    assert gzip.decompress(body) == LONG.encode()


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*"])
async def test_and_is_sent_plain_to_whoever_does_not(accepted: str) -> None:
    headers, body = await raw("/page", accepted)
    assert ("content-encoding" in headers, headers["vary"], body) == (False, "accept-encoding", LONG.encode())


@pytest.mark.parametrize("name", ["short", "json", "streamed", "tagged"])
async def test_every_other_answer_goes_on_byte_for_byte(name: str) -> None:
    (with_headers, taken), (without_headers, left) = await raw(f"/{name}", "gzip"), await raw(f"/{name}", "")
    assert (taken, with_headers) == (left, without_headers)
    assert "content-encoding" not in with_headers


async def test_what_is_encoded_already_is_not_encoded_again() -> None:
    headers, body = await raw("/encoded", "gzip")
    assert (headers.get_list("content-encoding"), gzip.decompress(body)) == (["gzip"], LONG.encode())


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("br;q=1.0, gzip;q=0.2", True),
        ("x-gzip", True),
        ("gzip; q=0", False),
        ("gzip;q=0.000", False),
        ("gzippy, zip", False),
        ("", False),
    ],
)
def test_what_a_browser_takes(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


def test_one_page_has_many_lengths() -> None:
    assert len({len(compressed(LONG.encode())) for _ in range(200)}) > 50


COOKIE = base64url(bytes(range(48)))


def test_the_token_of_a_page_is_good_and_never_the_same() -> None:
    pages = {masked_csrf_of(COOKIE) for _ in range(100)}
    assert len(pages) == 100
    assert all(is_csrf_of(COOKIE, one) for one in pages)
    assert is_csrf_of(COOKIE, csrf_of(COOKIE))


def test_what_is_under_a_mask_is_nowhere_in_it() -> None:
    plain = unbase64url(csrf_of(COOKIE), "csrf")
    halves = [unbase64url(masked_csrf_of(COOKIE), "csrf") for _ in range(100)]
    assert all(plain not in (half[:32], half[32:]) for half in halves)


@pytest.mark.parametrize("told", ["", "A" * 43, "A" * 86, "é", csrf_of(COOKIE)[:-1], csrf_of(COOKIE) * 2])
def test_another_token_is_not(told: str) -> None:
    assert not is_csrf_of(COOKIE, told)
    other = base64url(bytes(48))
    assert not is_csrf_of(other, masked_csrf_of(COOKIE))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_form_with_the_token_of_its_page_is_taken(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    page = await browser.get("/account")
    assert page.headers["content-encoding"] == "gzip"
    token = page.text.partition('name="csrf" value="')[2].partition('"')[0]
    assert token != browser.csrf
    answer = await browser.send("POST", "/forms/sign-out", content=f"csrf={token}", headers=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
