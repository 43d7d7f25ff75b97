"""Where browsers reach the service: their word for it, and never what a request says of itself."""

from pathlib import Path

import pytest
from starlette.requests import Request

from api.settings import Settings
from api.sign_in.place import Place, place_of

PLACES = {
    "https://ledger.example": Place("https://ledger.example", "ledger.example"),
    "https://ledger.example:443": Place("https://ledger.example", "ledger.example"),
    "https://ledger.example:8443": Place("https://ledger.example:8443", "ledger.example"),
    "http://localhost": Place("http://localhost", "localhost"),
    "http://localhost:80": Place("http://localhost", "localhost"),
    "http://localhost:8443": Place("http://localhost:8443", "localhost"),
}


@pytest.mark.parametrize("url", PLACES)
def test_a_place_is_spelled_as_browsers_spell_an_origin(url: str) -> None:
    assert Place.of(url) == PLACES[url]


def test_a_place_is_not_what_a_request_says_it_is(tmp_path: Path) -> None:
    headers = [(b"host", b"evil.example"), (b"x-forwarded-host", b"evil.example"), (b"forwarded", b"host=evil.example")]
    request = Request({"type": "http", "headers": headers, "server": ("127.0.0.1", 8421)})
    assert place_of(request, Settings(home=tmp_path)) == Place("http://localhost:8421", "localhost")
    configured = Settings(home=tmp_path, url="https://ledger.example")
    assert place_of(request, configured) == Place("https://ledger.example", "ledger.example")
