"""What was looked for, in an address that tells nothing of it.

A search is sent as a form and answered by a redirection, so that going back to what was found sends nothing again. The
address holds what was typed as base64url of nonce(12) ‖ AES-256-GCM(key, JSON ‖ blanks up to a multiple of 256 bytes),
bound to whoever sent it, as what, and to the page that it is for: a browser's history shows not even its length, and
after an hour, or to anybody else, it is refused as the cursor of a list is.
"""

import os
from collections.abc import Mapping
from typing import Annotated, Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Query

from api.http.problems import CURSOR, MALFORMED, Problem, Refused
from api.http.service import Call
from api.pages.forms import Filled
from api.sign_in.once import key_for
from ledger.core.canonical import base64url, encode, unbase64url
from ledger.core.errors import MalformedStatement
from ledger.core.instants import HOUR

LIFETIME: Final = 1 * HOUR
LONGEST: Final = 4000
LookedFor = Annotated[str | None, Query(max_length=LONGEST)]
"""The query ``q`` of a page of what was found."""
_BLOCK: Final = 256
_NONCE: Final = 12


def sealed(call: Call, form: Filled, names: tuple[str, ...], *page: str) -> str:
    """The fields of a form that were filled in, for the address of the page that shows what was found.

    Raises Refused for more than an address holds, which no page sends: blank space around what was typed is not kept.
    """
    members = {name: value for name in names if (value := form.value(name).strip())}
    plain = orjson.dumps({"members": members, "expires": call.ledger.clock() + LIFETIME})
    padded = plain.ljust(-(-len(plain) // _BLOCK) * _BLOCK)
    nonce = os.urandom(_NONCE)
    address = base64url(nonce + _key(call).encrypt(nonce, padded, _bound(call, page)))
    if len(address) > LONGEST:
        raise Refused(Problem(MALFORMED, f"form: got {len(plain)} bytes to look for, wanted fewer; shorten it"))
    return address


def opened(call: Call, looked_for: str, *page: str) -> Mapping[str, str]:
    """The fields again; raises Refused unless this person sent them, acting as the same, for this page, lately."""
    try:
        whole = unbase64url(looked_for, "q")
        told: dict[str, Any] = orjson.loads(_key(call).decrypt(whole[:_NONCE], whole[_NONCE:], _bound(call, page)))
    except (MalformedStatement, InvalidTag, ValueError) as error:
        raise _refused() from error
    if call.ledger.clock() >= told["expires"]:
        raise _refused()
    members: dict[str, str] = told["members"]
    return members


def _key(call: Call) -> AESGCM:
    return AESGCM(key_for(call.ledger.keyring, "looked-for-key"))


def _bound(call: Call, page: tuple[str, ...]) -> bytes:
    return b"ledger/v1/looked-for\0" + encode([call.session.person, call.session.acting_as, *page])


def _refused() -> Refused:
    return Refused(Problem(CURSOR, "q: got what is not yours, not of this page or too old; look for it again"))
