"""What a log gives instead of a token is refused in our own words, whatever it is."""

import json

import httpx2
import pytest

from api.log_client import LogClient, LogRefuses
from api.sign_in.key_file import KeyFile
from ledger.core.instants import Instant

NO_TOKENS = {
    "no JSON": b"<html>",
    "a deep nest": b"[" * 60_000,
    "no text": json.dumps({"access_token": ["a"]}).encode(),
    "nothing": json.dumps({"access_token": ""}).encode(),
    "two headers": json.dumps({"access_token": "a\r\nhost: elsewhere.example"}).encode(),
    "what is not ASCII": json.dumps({"access_token": "Schlüssel"}).encode(),
}


@pytest.mark.parametrize("title", NO_TOKENS)
async def test_what_is_no_token_is_refused_in_our_own_words(title: str) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        assert request.url.path == "/token"  # nothing else is asked without one
        return httpx2.Response(200, content=NO_TOKENS[title])

    key = KeyFile.fresh("0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de", "log.example")
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        client = LogClient("http://localhost", key, lambda: Instant(0), http)
        with pytest.raises(LogRefuses, match="wanted one; is a ledger served there"):
            await client.bundle(0, 1)
