"""One carer of the patient's: what they see, a pause, a freeze, the end; and somebody new, with a link and a code."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import invitations, records, sharing
from api.http.bodies import InPath, OnlyBody
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, checked_id, empty, sent, shown_by
from api.pages.language import gettext as _
from api.pages.matters import told
from api.pages.rendering import PageRoute, own_page
from api.pages.sharing_done import ENDED, FROZEN, NAMED, PAUSED, AskedDone, done_of, of_all, of_carer
from api.pages.sharing_now import READ, SharingNow, onward, sharing_now
from ledger.domain.errors import Unknown

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
_FORMS: Final = "/forms/record/{record}/carers/{person}"
LONGEST_NAME: Final = 200


@router.get(places.SHARING_PERSON.path, operation_id=READ)
async def carer(request: Request, call: Calling, record: InPath, person: InPath, done: AskedDone = None) -> Response:
    """What one carer can see now, and all that the patient can do about it."""
    return await _page(request, call, record, person, done=done)


@router.post(f"{_FORMS}/suspend")
async def suspend(request: Request, call: Calling, record: InPath, person: InPath, form: Sent) -> Response:
    """Stop for now what a carer sees."""
    return await _do(request, call, (record, person), form, (sharing.suspend, PAUSED))


@router.post(f"{_FORMS}/restore", operation_id="sharing.restore")
async def restore(request: Request, call: Calling, record: InPath, person: InPath, form: Sent) -> Response:
    """Let a carer see again what they saw before."""
    return await _do(request, call, (record, person), form, (sharing.restore, PAUSED))


@router.post(f"{_FORMS}/freeze")
async def freeze(request: Request, call: Calling, record: InPath, person: InPath, form: Sent) -> Response:
    """Show a carer nothing new."""
    return await _do(request, call, (record, person), form, (sharing.freeze, FROZEN))


@router.post(f"{_FORMS}/unfreeze", operation_id="sharing.unfreeze")
async def unfreeze(request: Request, call: Calling, record: InPath, person: InPath, form: Sent) -> Response:
    """Let a carer see what is new again."""
    return await _do(request, call, (record, person), form, (sharing.unfreeze, FROZEN))


@router.get(places.SHARING_END.path, operation_id=READ)
async def ending(request: Request, call: Calling, record: InPath, person: InPath) -> Response:
    """What happens when somebody is no carer any more, before it is done."""
    return await _ending(request, call, record, person, empty(call))


@router.post(f"{_FORMS}/end")
async def end(request: Request, call: Calling, record: InPath, person: InPath, form: Sent) -> Response:
    """End that somebody is a carer."""

    async def say(speaking: Call) -> str:
        await records.end_carer(speaking, record, person, OnlyBody())
        return onward(call, record, of_all(record, ENDED, person))

    return await sent(request, call, form, say, lambda again: _ending(request, call, record, person, again))


@router.get(places.SHARING_NEW_PERSON.path, operation_id="people.register_carer")
async def new_person(
    request: Request, call: Calling, record: InPath, person: str | None = None, first: str | None = None
) -> Response:
    """Who is to care: their name; once they are named, the link and the code on request."""
    now = await sharing_now(call, record)
    if person in now.carers and first is not None:
        form = empty(call, name=now.carers[person]["person"]["name"] or "")
        return await _new(request, call, now, "carers/invite.html", form, first=checked_id(first), person=person)
    return await _new(request, call, now, "carers/new.html", empty(call), former=now.view["former_carers"])


@router.post("/forms/record/{record}/new-carer", operation_id="people.register_carer")
async def register(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Register somebody, which shows them nothing; the next page names them a carer. The same form, the same person."""

    async def register_them(speaking: Call) -> Response:
        name = _name_of(form)
        made = told(await invitations.invite_carer(request, speaking, record, invitations.InvitedCarer(name=name)))
        again = empty(call, name=name, person=made["person"], first=form.statement)
        return await _new(request, call, await sharing_now(call, record), "carers/name.html", again)

    return await shown_by(call, form, register_them, lambda again: _new_again(request, call, record, again))


@router.post("/forms/record/{record}/carers/invite", operation_id="people.register_carer")
async def invite(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Show the link and the code of somebody who was registered by a form; those that were shown before end."""

    async def show_them(speaking: Call) -> Response:
        named = invitations.InvitedCarer(name=_name_of(form))
        made = told(await invitations.invite_carer(request, speaking, record, named))
        now = await sharing_now(call, record)
        return await _new(request, call, now, "carers/invited.html", form, invited=made, person=made["person"])

    return await shown_by(call, form, show_them, lambda again: _new_again(request, call, record, again))


@router.post("/forms/record/{record}/carers/name", operation_id="care.name_carer")
async def name(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Name somebody a carer, who was registered before."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        relation = check.text(
            "relation", _("Write how they are related to you, such as son or neighbour."), LONGEST_NAME
        )
        check.done()
        person, first = form.value("person"), form.value("first") or None
        await records.name_carer(speaking, record, records.NewCarer(person=person, relation=relation))
        page = places.SHARING_NEW_PERSON({"person": person, "first": first}, record=record)
        return page if first else of_carer(record, person, NAMED)

    async def again(refused: Filled) -> Response:
        return await _new(request, call, await sharing_now(call, record), "carers/name.html", refused)

    return await sent(request, call, form, say, again)


@router.post("/forms/record/{record}/carers/again", operation_id="care.name_carer")
async def name_again(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Who cared before: to be named again, on the same page as somebody new."""
    now = await sharing_now(call, record)
    named = next((one for one in now.view["former_carers"] if one["id"] == form.value("person")), None)
    if named is None:
        raise Unknown("carers: got somebody who never was a carer here, wanted one who was; add them as somebody new")
    again = empty(call, name=named["name"] or "", person=named["id"], first="")
    return await _new(request, call, now, "carers/name.html", again)


Says = Callable[[Call, str, str, OnlyBody], Any]


async def _do(request: Request, call: Call, of: tuple[str, str], form: Filled, what: tuple[Says, str]) -> Response:
    (record, person), (do, done) = of, what

    async def say(speaking: Call) -> str:
        await do(speaking, record, person, OnlyBody())
        return onward(call, record, of_carer(record, person, done))

    return await sent(request, call, form, say, lambda again: _page(request, call, record, person, form=again))


async def _page(
    request: Request, call: Call, record: str, person: str, *, form: Filled | None = None, done: str | None = None
) -> Response:
    now = await sharing_now(call, record)
    column = now.column(now.sees[_known(now, person)])
    return await own_page(
        request,
        call,
        "carers/carer.html",
        here=places.SHARING,
        record=record,
        whose=now.whose,
        column=column,
        carer=column.carer,
        person=person,
        talks=[one for one in now.view["conversations"] if one["person"] and one["person"]["id"] == person],
        previews=call.session.acting_as == "patient",
        together=[one for one in now.view["together"] if one["person"]["id"] == person],
        form=form or empty(call),
        freezing=empty(call),
        done=await done_of(call, now, person, done),
    )


async def _ending(request: Request, call: Call, record: str, person: str, form: Filled) -> Response:
    now = await sharing_now(call, record)
    shown = {"whose": now.whose, "carer": now.carers[_known(now, person)], "person": person, "form": form}
    return await own_page(request, call, "carers/end.html", here=places.SHARING, record=record, **shown)


def _known(now: SharingNow, person: str) -> str:
    if person not in now.carers:
        raise Unknown("carers: got somebody who is no carer of yours now, wanted one who is; look at who is")
    return person


async def _new(request: Request, call: Call, now: SharingNow, template: str, form: Filled, **shown: Any) -> Response:
    told_all: dict[str, Any] = {"whose": now.whose, "form": form, **shown}
    return await own_page(request, call, template, here=places.SHARING, record=now.record, **told_all)


async def _new_again(request: Request, call: Call, record: str, form: Filled) -> Response:
    now = await sharing_now(call, record)
    return await _new(request, call, now, "carers/new.html", form, former=now.view["former_carers"])


def _name_of(form: Filled) -> str:
    check = Checks(form)
    given = check.text("name", _("Write their name."), LONGEST_NAME)
    check.done()
    return given
