"""One's own account: passkeys, sessions, keys, and every statement in one's name. It shows what the API shows."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http import oidc, passkeys, people, session
from api.http.bodies import OnlyBody
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Form, member
from api.pages.home import roles_of
from api.pages.rendering import PageRoute, own_page, see_other, way_back
from api.sign_in.passkeys import KeptPasskey
from api.sign_in.place import place_of
from ledger.core.shapes import uuid

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
Cursor = Annotated[str | None, Query(max_length=100)]
To = Annotated[str | None, Query(max_length=2000)]
_LISTED: Final = 20


@router.get("/account")
async def account(request: Request, call: Calling, cursor: Cursor = None) -> Response:
    """One's own account, with a page of what was said in one's name."""
    person = call.session.person
    said = people.PageOfStatements(limit=_LISTED, cursor=cursor)
    own = await call.service.doors.passkeys.of(person)
    listed = _told(await passkeys.listed(call))
    return await own_page(
        request,
        call,
        "account.html",
        may_act_as=await roles_of(call),
        passkeys=_confirmed_by(request, call, listed["passkeys"], own),
        strange=[one for one in listed["only_in_log"] if one["enrolled"]],
        **_told(await session.listed(call)),
        **_told(await oidc.identities(call)),
        **_told(await oidc.providers(call.service)),
        **_told(await people.keys(call, person)),
        **_told(await people.statements(call, person, said)),
    )


@router.get("/again")
async def again(request: Request, call: Calling, to: To = None) -> Response:
    """Where somebody shows again who they are, and goes on to where they wanted to."""
    return await own_page(request, call, "again.html", to=way_back(to))


@router.get("/waiting")
async def waiting(request: Request, call: Calling) -> Response:
    """The passkeys that wait for a registrar."""
    shown = _told(await passkeys.waiting(request, call))
    return await own_page(request, call, "waiting.html", here=places.WAITING, **shown)


@router.post("/forms/passkeys/name")
async def name_passkey(call: Calling, form: Form) -> Response:
    """Call a passkey something else."""
    await passkeys.rename(call, member(form, "credential"), passkeys.Name(name=member(form, "name")))
    return see_other("/account#passkeys")


@router.post("/forms/passkeys/end", operation_id="passkeys.end")
async def end_passkey(call: Calling, form: Form) -> Response:
    """End a passkey, and every session that began with it."""
    ending = passkeys.Ending(reason=member(form, "reason"), even_the_last="even_the_last" in form)
    ended = await passkeys.end(call, member(form, "credential"), ending)
    # With the passkey that this session began with, the session is over as well.
    return _gone(ended) if "clear-site-data" in ended.headers else see_other("/account#passkeys")


@router.post("/forms/identities/end", operation_id="identities.end")
async def end_identity(call: Calling, form: Form) -> Response:
    """End a login at a provider, and every session that began with it."""
    await oidc.end(call, oidc.NoIdentity(issuer=member(form, "issuer")))
    return see_other("/account#identities")


@router.post("/forms/sessions/end")
async def end_session(call: Calling, form: Form) -> Response:
    """Sign out in another browser."""
    named = member(form, "session")
    uuid("session", named)
    await session.end_one(call, named, OnlyBody())
    return see_other("/account#sessions")


@router.post("/forms/sign-out")
async def sign_out(call: Calling) -> Response:
    """Sign out here."""
    return _gone(await session.end(call, OnlyBody()))


@router.post("/forms/sign-out-everywhere")
async def sign_out_everywhere(call: Calling) -> Response:
    """Sign out here and everywhere else."""
    return _gone(await session.end_everywhere(call, OnlyBody()))


def _confirmed_by(
    request: Request, call: Call, listed: Iterable[Mapping[str, Any]], kept: Iterable[KeptPasskey]
) -> list[dict[str, Any]]:
    """The passkeys that are listed, each with what the module needs to confirm it. One made in between waits."""
    rp = place_of(request, call.service.doors.settings).rp
    by_kid = {one.kid: one for one in kept}
    return [{**one, "confirms": _confirms(by_kid[one["kid"]], rp)} for one in listed if one["kid"] in by_kid]


def _confirms(kept: KeptPasskey, rp: str) -> dict[str, Any]:
    """Whose it is, its digits, and what the statement says of it."""
    passkey = kept.passkey(rp)
    named = {"person": kept.person, "fingerprint": kept.fingerprint}
    return {**named, "jwk": passkey.jwk, "rp": passkey.rp, "credential": passkey.credential}


def _gone(ended: Response) -> Response:
    """The way out: what takes the session from the browser goes along with it."""
    answer = see_other("/sign-in")
    answer.raw_headers += [header for header in ended.raw_headers if header[0] in (b"set-cookie", b"clear-site-data")]
    return answer


def _told(answer: Response) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(answer.body)
    return told
