"""Getting back in, and leaving, over HTTP.

Who has lost every passkey gets back in through two members of staff, or by a recovery code of their own. Both end in an
open invitation; accepting it ends what there was before.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.answers import answered, json_answer, told_of
from api.http.bodies import Body, Id, InPath, OnlyBody, Text, reads, shown_as
from api.http.entering import check_may_add_a_way_in
from api.http.invitations import INVITED, OPENED, check_staff, opened_told, person_of, slowed
from api.http.invitations import told_of as invited_told
from api.http.operations import EXAMPLE_ANSWER, does, shows, writes
from api.http.service import Call, Calling, Serving
from api.sign_in.invitations import Opened
from api.sign_in.letting_in import STAFF, check_somebody, end_ways_in
from ledger.core.instants import format_instant
from ledger.core.said import Said
from ledger.domain.errors import Unknown
from ledger.saying import By

router: Final = APIRouter(tags=["sign-in"])
_CODE: Final = "K7QM-2XHD-9RTW-4ZNC-6BJE-8PVA"
_PERSON: Final = INVITED["person"]
_SAID: Final = {
    "recovery": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de",
    "type": "recovery-asked/1",
    "ground": "staff",
    "author": "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11",
    "acting_as": "registrar",
    "recorded_at": "2026-05-03T09:00:00.000Z",
}


class Approval(Body):
    """Which recovery is approved: the id that asking for it was answered with."""

    model_config = shown_as(recovery="0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de")
    recovery: Id


class OwnCode(Body):
    """One's own recovery code, however it is written."""

    model_config = shown_as(code=_CODE)
    code: Text


@writes(router, "/people/{person}/recovery", "people.ask_recovery")
async def ask_recovery(call: Calling, person: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """Ask that somebody who lost every passkey be let in again, by a registrar or an administrator.

    Its id is ``recovery`` in the answer's ids; another registrar or administrator approves it.
    """
    return answered(await call.ledger.people.ask_recovery(call.by(body), person))


@shows(router, "/people/{person}/recovery", "people.recoveries", {"recoveries": [_SAID]})
async def recoveries(call: Calling, person: InPath) -> Response:
    """Every time somebody asked, or approved, that one be let in again oneself: who, acting as what, and when."""
    if person != call.session.person:
        raise Unknown(f"person {person}: there are no recoveries of theirs for you; ask for your own")
    said = await call.ledger.people.recoveries(person)
    return json_answer(
        {
            "recoveries": [
                {
                    "recovery": one.facts["recovery"],
                    "type": one.type,
                    "ground": one.facts.get("ground"),
                    "author": one.author,
                    "acting_as": one.acting_as,
                    "recorded_at": format_instant(one.recorded_at),
                }
                for one in said
            ]
        }
    )


@does(
    router,
    "/people/{person}/recovery/approval",
    "people.approve_recovery",
    {**EXAMPLE_ANSWER, **INVITED},
    status=201,
    programs=True,
    sometimes=tuple(EXAMPLE_ANSWER),  # who signed the approval has them already
)
async def approve_recovery(
    request: Request, call: Calling, person: InPath, body: Annotated[Approval, reads(Approval)]
) -> Response:
    """Approve a recovery that another asked for: the answer has a link and a code to hand over, once.

    Who has signed the approval (POST /statements) is given the link here; for everybody else it is said here, and is
    in the answer as well. Nothing of what the person had ends before the new passkey is made. The same again gives no
    second link: what was approved once must not let anybody in for ever.
    """
    approved = await _approved(call, person, body.recovery)
    if approved is None:
        answer = await call.ledger.people.approve_recovery(call.by(body), person, body.recovery)
        told, since = told_of(answer), answer.recorded_at
    else:
        await check_staff(call, person, STAFF)  # still: it may have been signed a while ago
        told, since = {}, approved.recorded_at
    invited = await call.service.doors.invitations.invite_again(
        body.recovery, person, by=call.session.person, since=since
    )
    return json_answer({**told, **invited_told(request, call.service, person, invited)}, 201)


async def _approved(call: Call, person: str, recovery: str) -> Said | None:
    """The approval of a recovery that is said already by whoever asks."""
    for one in await call.ledger.people.recoveries(person):
        if one.type == "recovery-approved/1" and (one.facts["recovery"], one.author) == (recovery, call.session.person):
            return one
    return None


@does(router, "/recovery-code", "recovery.make_code", {"code": _CODE}, status=201)
async def make_code(call: Calling, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """A recovery code for oneself, shown once: write it down and keep it apart. It ends the one before."""
    await check_may_add_a_way_in(call)
    return json_answer({"code": await call.service.doors.recovery.make(call.session.person)}, 201)


@shows(router, "/recovery-code", "recovery.code", {"made_at": "2026-05-03T09:00:00.000Z"})
async def show_code(call: Calling) -> Response:
    """When one's own recovery code was made, or null; the code itself is not kept."""
    made_at = await call.service.doors.recovery.made_at(call.session.person)
    return json_answer({"made_at": None if made_at is None else format_instant(made_at)})


@does(router, "/recovery-code/use", "recovery.use_code", OPENED, anonymous=True)
async def use_code(request: Request, service: Serving, body: Annotated[OwnCode, reads(OwnCode)]) -> Response:
    """Get back in by one's own code: what a browser needs to make a passkey, and a ticket to bring it with.

    It is on record in one's own name. The code is used up when the passkey is made, at POST /invitations/accept.
    """
    async with slowed(request, service):
        person = await service.doors.recovery.owner(body.code)
    by = By(service.ledger.keyring.service, "service")
    recovery = str((await service.ledger.people.ask_recovery(by, person)).facts["recovery"])
    ticket = await service.doors.invitations.open_by_code(recovery, person)
    return json_answer(await opened_told(request, service, Opened(recovery, person, "recovery", person), ticket))


@does(
    router,
    "/people/{person}/leaving",
    "people.leave",
    {"person": _PERSON, "said": [EXAMPLE_ANSWER]},
    programs=True,
)
async def leave(call: Calling, person: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """End all that somebody is here and every way in of theirs, by an administrator, never for themselves.

    Passkeys, keys, roles and memberships each by a statement; the same again ends what is left, also after a crash.
    """
    await check_staff(call, person, ("administrator",))
    await check_somebody(call.ledger, person)
    await end_ways_in(call.service.doors, person)  # first: nobody goes on while the rest is said
    said = await call.ledger.people.leave(call.by(body), person)
    await end_ways_in(call.service.doors, person)
    await person_of(call.service, person)  # tokens rest on the cached keys: this ends them at once
    return json_answer({"person": person, "said": [told_of(one) for one in said]})
