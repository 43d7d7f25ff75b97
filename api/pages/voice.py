"""Whose page it is: what the modules need to sign in this person's name, and nothing more."""

from typing import Any

from fastapi import Request

from api.http.cookies import cookie_of, masked_csrf_of
from api.http.problems import SIGN_IN, Problem, Refused
from api.http.service import Call
from ledger.core.high_stakes import HIGH_STAKES
from ledger.core.key_history import LATER_THAN_ALL, KeyHistory


async def keys_of(call: Call) -> KeyHistory:
    """Every key and passkey of whoever is signed in, as the log has them."""
    return (await call.ledger.facts.person(call.session.person, fresh=True)).fold.keys


async def voice_of(request: Request, call: Call) -> dict[str, Any]:
    """Who is signed in, for a page: ``session`` as the modules read it, and the token of the page's forms.

    Pages are for browsers: raises Refused for whoever comes with a token.
    """
    cookie = cookie_of(request)
    if cookie is None:
        raise Refused(Problem(SIGN_IN, "session: got a token, wanted a browser's session; use the API with it"))
    keys = await keys_of(call)
    person = call.session.person
    return {
        "session": {
            "person": person,
            "acting_as": call.session.acting_as,
            "ledger": call.ledger.keyring.origin,
            "passkeys": [
                credential
                for (owner, credential), enrolment in keys.passkeys.items()
                if owner == person and enrolment.in_force(LATER_THAN_ALL)
            ],
            "high_stakes": sorted(HIGH_STAKES),
        },
        "csrf": masked_csrf_of(cookie),
    }
