"""Who tries a page that is not for them is on the trail exactly where a program that tries the same would be."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from api.pages import places
from api.pages.places import Place
from ledger.saying import By
from tests.http.served import Served, statement_id
from tests.pages.at_work import Desk, a_patient_of_their_own
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOT_CARERS = ("another patient", "stranger", "clinician elsewhere", "auditor without the case", "administrator")
WRONG = ("carer", *NOT_CARERS)
STAFF = ("clinician", "guardian")


@dataclass(frozen=True)
class Tried:
    """A page within a record, and the operation behind it. ``purposes``: its address takes what it is opened for."""

    page: Place
    operation: str
    by: tuple[str, ...] = WRONG
    purposes: bool = False
    query: Mapping[str, str] = field(default_factory=dict)


OWN = (*WRONG, *STAFF)
PAGES = (
    Tried(places.RECORD, "/records/{record}", NOT_CARERS, purposes=True),
    Tried(places.READINGS, "/records/{record}", NOT_CARERS, purposes=True),
    Tried(places.ABOUT_ME, "/records/{record}", NOT_CARERS, purposes=True),
    Tried(places.ABOUT_ME_CHANGE, "/records/{record}", OWN),
    Tried(places.PRINT, "/records/{record}", NOT_CARERS, purposes=True),
    Tried(places.DOWNLOAD, "/records/{record}", NOT_CARERS[1:], purposes=True),  # to a patient it tells nothing of one
    Tried(places.DOWNLOAD_FILE, "/records/{record}/bundle", NOT_CARERS, purposes=True),
    Tried(places.ITEM, "/records/{record}/items/{item}", WRONG, purposes=True),
    Tried(places.SHARING, "/records/{record}/sharing", OWN),
    Tried(places.SHARING_CHOICES, "/records/{record}/sharing", OWN),
    Tried(places.SHARING_NEW_PERSON, "/records/{record}/sharing", OWN),
    Tried(places.TOGETHER, "/records/{record}/sharing", OWN),
    Tried(places.LOOKS, "/records/{record}/trail", OWN),
    Tried(places.LOOKS_AS_OF, "/records/{record}/trail", OWN),
    Tried(places.LOOK, "/records/{record}/trail/{disclosure}", OWN),
    Tried(places.SEEN_BY, "/records/{record}/items/{item}/seen-by", OWN),
    Tried(places.CAPACITY, "/records/{record}/matters", NOT_CARERS, purposes=True, query={"kind": "capacity"}),
    Tried(places.CARER_TALK, "/records/{record}/matters", NOT_CARERS, purposes=True, query={"kind": "conversation"}),
    Tried(places.AUDIT_LOOK, "/records/{record}/trail/{disclosure}?case={case}", (*WRONG, "clinician")),
    Tried(places.AUDIT_ITEM, "/records/{record}/items/{item}?case={case}", (*WRONG, "clinician")),
)
"""Pages that tell of a record, with who may not read them."""


def people(desk: Desk) -> dict[str, By]:
    story = desk.served.story
    return {
        "carer": story.sam,
        "another patient": By(story.okafor.person, "patient"),
        "stranger": By(statement_id(), "carer"),
        "clinician": story.okafor,
        "clinician elsewhere": story.moss,
        "auditor without the case": story.ruth,
        "guardian": story.greta,
        "administrator": story.ada,
    }


async def refusals(desk: Desk, since: int) -> list[tuple[str, str, str, str]]:
    """What was refused of the desk's record from a place of the log on: who, acting as what, how and by which rule."""
    ledger = desk.served.story.ledger
    found = []
    for said in await ledger.read(since, await desk.served.size() - since):
        rule = said.facts.get("refused") or (said.facts["rule"] if said.type == "attempt-refused/1" else None)
        if rule is not None and said.facts["record"] == desk.record:
            who = said.facts.get("viewer") or said.facts["person"]
            found.append((said.type, who, said.facts["acting_as"], rule))
    return found


@pytest.mark.parametrize("tried", PAGES, ids=lambda tried: tried.page.path)
async def test_a_refused_page_is_on_the_trail_as_its_operation_is(
    house: Served, browser: Browser, tried: Tried
) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    note, look = await story.note("Slept badly."), (await story.opened(story.lind)).id
    ids = {"record": desk.record, "item": note, "disclosure": look, "case": statement_id()}
    for name in tried.by:
        await desk.sit(people(desk)[name])
        purpose = {"purpose": "task"} if tried.purposes and people(desk)[name].acting_as == "clinician" else {}
        named = {one: value for one, value in ids.items() if f"{{{one}}}" in tried.page.path}
        before = await desk.served.size()
        path = tried.operation.format(**ids)
        query = "&".join(f"{key}={value}" for key, value in {**tried.query, **purpose}.items())
        program = await browser.get(path + ("?" + query if query else ""))
        of_program, before = await refusals(desk, before), await desk.served.size()
        page = await browser.get(tried.page({**purpose}, **named))
        of_page = await refusals(desk, before)
        assert page.status_code in (403, 404), (name, page.status_code)
        assert of_page[:1] == of_program[:1], (name, program.status_code, program.text)
        assert set(of_page) == set(of_program), name
