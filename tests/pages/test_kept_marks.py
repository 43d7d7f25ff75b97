"""What the patient does not see is marked for who treats them: in the list, on its page, and to nobody else."""

from collections.abc import Awaitable, Callable

import pytest
import pytest_asyncio

from api.pages import places
from ledger.core.instants import DAY, Instant
from ledger.use_cases.items import Draft
from tests.http.served import Served
from tests.pages.at_work import Desk, a_patient_of_their_own, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
MARK = "The patient does not see this"


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, house: Served) -> Desk:
    return await a_patient_of_their_own(browser, house)


async def told_in_confidence(desk: Desk) -> str:
    story = desk.served.story
    draft = Draft("contribution", "She sleeps badly.", "A bad night", in_confidence=True)
    return str((await story.ledger.items.add(story.sam, story.record, draft)).facts["item"])


async def held_back(desk: Desk) -> str:
    story = desk.served.story
    item = await story.note("A shadow.", kind="result", title="Chest X-ray")
    until = Instant(story.ledger.clock() + 3 * DAY)
    await story.ledger.items.hold(story.okafor, story.record, item, until, "I will ring.")
    return item


async def working(desk: Desk) -> str:
    return await desk.served.story.note("Ask again.", kind="working-note", title="A call")


async def off_the_screen(desk: Desk) -> str:
    return await desk.served.story.note("He shouts.", title="At home", topics=("domestic-abuse",))


Secret = Callable[[Desk], Awaitable[str]]
SECRETS: list[tuple[Secret, str]] = [
    (told_in_confidence, "A carer told it in confidence."),
    (held_back, "The result waits until somebody has told them."),
    (working, "It is a working note of your team."),
    (off_the_screen, "It is kept off every screen."),
]


def of(desk: Desk, item: str) -> str:
    return places.ITEM({"purpose": "task"}, record=desk.record, item=item)


@pytest.mark.parametrize(("secret", "why"), SECRETS)
async def test_a_clinician_reads_in_the_list_and_on_the_page_that_the_patient_does_not_see_it(
    desk: Desk, secret: Secret, why: str
) -> None:
    item = await secret(desk)
    await desk.served.story.note("Slept well.", title="Review")
    await desk.sit(desk.served.story.okafor)
    listed = await desk.opened(places.RECORD({"purpose": "task"}, record=desk.record))
    assert plain(listed).count(MARK) == 1
    entry = main(listed).split(f'href="{of(desk, item).replace("&", "&amp;")}"')[1].split("</li>")[0]
    assert MARK in entry
    page = plain(await desk.opened(of(desk, item)))
    assert f"{MARK}. {why}" in page
    assert ("If nobody decides otherwise, they see it from" in page) == (secret is not off_the_screen)
    assert "Make sure that they do not read it on your screen." in page


async def test_paper_and_what_is_read_first_say_it_too(desk: Desk) -> None:
    story = desk.served.story
    allergy = await story.note("Her sister said so.", kind="allergy", title="Penicillin", topics=("domestic-abuse",))
    await desk.sit(story.okafor)
    top = main(await desk.opened(places.RECORD({"purpose": "task"}, record=desk.record))).split("lifeline")[0]
    assert MARK in top.split(f"/{allergy}")[1].split("</li>")[0]
    paper = main(await desk.opened(places.PRINT({"purpose": "task"}, record=desk.record)))
    assert MARK in paper.split("Penicillin")[1].split("Her sister said so.")[0]


async def test_what_was_shown_to_the_patient_since_is_not_marked(desk: Desk) -> None:
    story, item = desk.served.story, await held_back(desk)
    await story.ledger.items.release(story.okafor, story.record, item)
    await desk.sit(story.okafor)
    for path in (places.RECORD({"purpose": "task"}, record=desk.record), of(desk, item)):
        assert MARK not in (await desk.opened(path)).text


async def test_neither_the_patient_nor_the_carer_is_told_anything_by_it(desk: Desk) -> None:
    story = desk.served.story
    told = await told_in_confidence(desk)
    for secret in (held_back, working, off_the_screen):
        await secret(desk)
    await story.share({"kind": "everything"})
    own = places.ITEM(record=desk.record, item=told)
    for reader, paths in (
        (story.amina, (places.RECORD(record=desk.record),)),
        (story.sam, (places.RECORD(record=desk.record), own)),
    ):
        await desk.sit(reader)
        for path in paths:
            page = await desk.opened(path)
            assert "does not see this" not in page.text
            assert "kept_from" not in page.text
