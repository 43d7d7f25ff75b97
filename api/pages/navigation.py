"""Navigation: the few pages that somebody always finds at the top, by what they act as.

Five at most: what is further away is reached from these. The order is that of how often it is used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.http.service import Call
from api.pages import places
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.places import Place


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: where it leads, what it says, and whether the reader is there."""

    href: str
    text: str
    current: bool


IN_OWN_RECORD: Final[Sequence[tuple[Place, str]]] = (
    (places.RECORD, marked("My record")),
    (places.SHARING, marked("Who can see what")),
    (places.LOOKS, marked("Who has looked")),
    (places.WISHES, marked("My wishes")),
    (places.DOWNLOAD, marked("Download and check")),
)
OF_ROLE: Final[Mapping[str, Sequence[tuple[Place, str]]]] = {
    "clinician": (
        (places.TODAY, marked("Today")),
        (places.FIND, marked("Find a patient")),
        (places.QUESTIONS, marked("Questions to me")),
    ),
    "carer": ((places.CARED_FOR, marked("People I care for")), (places.INFORMATION, marked("Information"))),
    "attorney": ((places.CARED_FOR, marked("People I decide for")), (places.INFORMATION, marked("Information"))),
    "parent": ((places.CARED_FOR, marked("My children")), (places.INFORMATION, marked("Information"))),
    "auditor": ((places.AUDIT, marked("My cases")), (places.INTEGRITY, marked("Integrity"))),
    "guardian": (
        (places.EMERGENCIES, marked("Emergency access")),
        (places.QUESTIONS, marked("Questions")),
        (places.CASES, marked("Cases")),
        (places.INTEGRITY, marked("Integrity")),
    ),
    "administrator": (
        (places.PEOPLE, marked("People")),
        (places.TEAMS, marked("Teams")),
        (places.CARE, marked("Care relationships")),
        (places.CASES, marked("Cases")),
        (places.INTEGRITY, marked("Integrity")),
    ),
    "registrar": (
        (places.PEOPLE, marked("People")),
        (places.WAITING, marked("Passkeys to confirm")),
    ),
}


async def navigation_of(call: Call, here: Place | None, record: str | None) -> list[Entry]:
    """The entries of whoever is signed in; patients have those of their own record, once they have one."""
    if call.session.acting_as == "patient":
        return await _in_own_record(call, here, record)
    entries = OF_ROLE.get(call.session.acting_as, ())
    return [Entry(place(), _(text), place is here) for place, text in entries]


async def _in_own_record(call: Call, here: Place | None, record: str | None) -> list[Entry]:
    if record is None:
        await call.service.caught_up()
        own = await call.service.directory.own_record(call.session.person)
        if not own:
            return []
        record = own[0].record
    return [Entry(place(record=record), _(text), place is here) for place, text in IN_OWN_RECORD]
