"""What has changed, on the page to which a change leads: for whom, of what, and where it is changed again.

The address names the part as that of its change does, or has a letter for what was done to somebody's access. It never
says how: that is told as things stand when the page is made, so an old address tells nothing that is not so any more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import Query

from api.http.service import Call
from api.pages import places, words
from api.pages.forms import Filled
from api.pages.language import day
from api.pages.language import gettext as _
from api.pages.sharing_now import Said, SharingNow, part_of
from api.pages.sharing_words import How, code_of, from_form, grantee_words
from api.pages.until import last_day
from ledger.domain.errors import Unknown

PAUSED: Final = "a"
FROZEN: Final = "b"
PRESET: Final = "c"
NAMED: Final = "d"
ENDED: Final = "e"
STOPPED: Final = "f"
AskedDone = Annotated[str | None, Query(max_length=40)]
"""The queries ``done`` and ``to`` of a page to which a change leads."""


@dataclass(frozen=True, slots=True)
class Done:
    """What is said of a change: sentences, and where it is changed again. Without any, only that it is done."""

    told: Sequence[str] = ()
    again: str | None = None


def of_change(record: str, form: Filled) -> str:
    """Where a change of one part leads: a carer's to their card, which the form says it has; others' to all of it."""
    person, code = form.value("to").partition(":")[2], code_of(from_form(form.value("part")))
    if form.value("card"):
        return of_carer(record, person, code)
    return places.SHARING({"done": code, "to": person or "all"}, record=record)


def of_carer(record: str, person: str, what: str) -> str:
    """The card of one carer, with what has changed."""
    return places.SHARING_PERSON({"done": what}, record=record, person=person)


def of_all(record: str, what: str, person: str | None = None) -> str:
    """Who can see what, with what has changed."""
    return places.SHARING({"done": what, "to": person}, record=record)


async def done_of(call: Call, now: SharingNow, to: str | None, what: str | None) -> Done | None:
    """What an address says has changed, as it stands now; None where it says nothing."""
    if what is None:
        return None
    if len(what) == 1:
        return Done(tuple(filter(None, [_of_access(now, to, what)])))
    grantee = now.grantee(to or "")
    try:
        return Done() if grantee is None else await _of_part(call, now, grantee, what)
    except Unknown:  # it is kept from the patient by now, or never was there
        return Done()


def _of_access(now: SharingNow, to: str | None, what: str) -> str | None:
    """What was done to the whole of somebody's access."""
    if what == STOPPED:
        shared_with = [one for one in now.view["sees"] if not now.treats(one["grantee"])]
        shows = any(part["effect"] == "shared" for one in shared_with for part in one["parts"])
        return None if shows else _("You share nothing with anybody any more.")
    if what == ENDED:
        name = next((one["name"] for one in now.view["former_carers"] if one["id"] == to), None)
        return _("%(whom)s is not your carer any more.") % {"whom": name} if name else None
    carer = now.carers.get(to or "")
    if carer is None:
        return None
    whom = {"whom": carer["person"]["name"] or _("Somebody unknown")}
    if what == PAUSED and carer["suspended"]:
        return _("%(whom)s sees nothing of your record until you let them in again.") % whom
    if what == FROZEN and carer["frozen"]:
        return _("%(whom)s keeps what they could see, and sees nothing new.") % whom
    return {
        PAUSED: _("%(whom)s sees again what you share with them."),
        FROZEN: _("%(whom)s sees what is new as well."),
        PRESET: _("What %(whom)s can see is as you chose. It stands below."),
        NAMED: _("%(whom)s is your carer now. They see what you share with them, and nothing else."),
    }.get(what, "") % whom


async def _of_part(call: Call, now: SharingNow, grantee: Said, code: str) -> Done:
    """What was changed for one of them, of one part or item."""
    scope, title = await part_of(call, now, code)
    named = {"whom": grantee_words(grantee), "part": words.part(scope) if title is None else title or _("One item")}
    part, own = now.part(grantee, scope), now.said_to(grantee, scope)
    if now.treats(grantee):
        kept = own or (now.directives.get(part["directive"]) if part and part["effect"] == "withheld" else None)
        told = [_kept(kept) % named]
    elif part is None and own is None:
        told = [_("Nothing is set any more for %(whom)s alone: %(part)s.") % named]
    elif part is None:
        told = [_("For %(whom)s is set: %(part)s.") % named, *_more(now.set_of(grantee, scope))]
    else:
        told = list(_of_shared(now, grantee, part, named))
    return Done(told, now.to_change(grantee, scope))


def _kept(directive: Said | None) -> str:
    """What is kept from somebody who treats the patient."""
    if directive is None:
        return _("You do not keep this from %(whom)s: %(part)s.")
    if directive["hidden"]:
        return _("You keep this from %(whom)s, and they do not see that you do: %(part)s.")
    return _("You keep this from %(whom)s: %(part)s.")


def _of_shared(now: SharingNow, grantee: Said, part: Said, named: Mapping[str, str]) -> Sequence[str]:
    """What somebody sees of a part now, or when they will."""
    said = now.cell(grantee, part, now.carers.get(grantee["id"])).how
    directive = now.directives.get(part["directive"])
    terms: dict[str, Any] = {} if directive is None else directive["terms"]
    if said.icon in ("no", "locked"):
        return [_("%(whom)s does not see: %(part)s.") % named, *_more(said)[said.icon == "no" :]]
    if part["effect"] != "shared":
        return [_("For %(whom)s is set: %(part)s.") % named, *_more(said)]
    if terms.get("until") and terms.get("condition") is None:
        until = {**named, "day": day(last_day(terms["until"]))}
        return [_("%(whom)s now sees: %(part)s, until %(day)s.") % until, *_more(said)[1:]]
    return [_("%(whom)s now sees: %(part)s.") % named, *([] if said.icon == "yes" and not said.notes else _more(said))]


def _more(said: How) -> Sequence[str]:
    """How it is shared, in sentences."""
    return [f"{one}." for one in (said.text, *said.notes)]
