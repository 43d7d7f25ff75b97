"""A ledger that is served somewhere, asked by the owner of a key file: for tokens, and to admit what they signed."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from api.loopback import is_loopback
from api.sign_in.key_file import KeyFile
from api.sign_in.signing import ToSay, signed
from ledger.core.instants import Instant

_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LARGEST: Final = 1024 * 1024
_WITHIN: Final = 30.0
"""Seconds for each step of an answer."""


class LedgerUnreachable(Exception):
    """Nobody answers at the ledger's address. What was sent may have been admitted all the same."""


class LedgerRefuses(Exception):
    """The ledger answers, and does not do it."""


class _NoRedirects(HTTPRedirectHandler):
    """Follows nothing: a token must not go on to another address."""

    def redirect_request(self, *_: Any) -> None:
        """Answer with the redirect itself, which is then refused."""


@dataclass(frozen=True, slots=True)
class LedgerClient:
    """The ledger at ``url``, asked by whom the key file speaks for."""

    url: str
    key: KeyFile
    clock: Callable[[], Instant]

    def __post_init__(self) -> None:
        """Raise LedgerRefuses for an address to which nothing that is secret may be sent."""
        host = urlsplit(self.url).hostname or ""
        if not (self.url.startswith("https://") or (self.url.startswith("http://") and is_loopback(host))):
            raise LedgerRefuses(f"url: got {self.url}, wanted https://, or http:// on this machine; give another --url")

    def token(self, acting_as: str, *, reads_only: bool = False) -> dict[str, Any]:
        """A token for ten minutes (RFC 7523, section 2.2), with its scope. Raises LedgerRefuses, LedgerUnreachable."""
        form = {
            "grant_type": "client_credentials",
            "scope": f"acting_as:{acting_as}" + (" read" if reads_only else ""),
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self.key.assertion(self.clock()),
        }
        return self._post("/token", urlencode(form).encode(), {"content-type": "application/x-www-form-urlencoded"})

    def say(self, said: ToSay) -> dict[str, Any]:
        """Sign a statement and have it admitted; gives the ledger's answer, with the receipt.

        Raises LedgerRefuses, LedgerUnreachable; MalformedStatement for what is not of its type's shape.
        """
        body = json.dumps(signed(said, self.key, self.clock())).encode()
        token = self.token(said.acting_as)["access_token"]
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        return self._post("/statements", body, headers)

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        # On this machine through no proxy: what goes plain must not leave it.
        proxies = [] if self.url.startswith("https://") else [ProxyHandler({})]
        request = Request(f"{self.url.rstrip('/')}{path}", body, dict(headers))  # noqa: S310 - checked when it was made
        try:
            with build_opener(_NoRedirects, *proxies).open(request, timeout=_WITHIN) as answer:
                return _object(answer.read(_LARGEST))
        except HTTPError as error:
            raise LedgerRefuses(f"{path}: the ledger answered {error.code}: {_told(error)}") from error
        except (URLError, HTTPException, OSError) as error:
            because = getattr(error, "reason", error)
            raise LedgerUnreachable(
                f"no ledger at {self.url} ({because}). Start one with record-ledger serve, or name it with --url."
            ) from error


def _object(told: bytes) -> dict[str, Any]:
    try:
        found = json.loads(told)
    except (ValueError, RecursionError) as error:
        raise LedgerRefuses("got an answer that is not JSON, wanted a ledger's; is one served there?") from error
    if not isinstance(found, dict):
        raise LedgerRefuses("got an answer that is no object, wanted a ledger's; is one served there?")
    return found


def _told(error: HTTPError) -> str:
    """What the ledger says is wrong (RFC 9457, RFC 6749); whatever else answers is told by its status alone."""
    try:
        found = _object(error.read(_LARGEST))
    except (LedgerRefuses, OSError, HTTPException):
        return error.reason
    detail = found.get("detail", found.get("error_description", error.reason))
    explanation = found.get("explanation")
    return f"{detail} {explanation}" if explanation else str(detail)
