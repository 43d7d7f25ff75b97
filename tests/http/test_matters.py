"""Matters: what is said in words about a record as a whole, and who reads how much of it."""

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from ledger.core.instants import HOUR, format_instant
from ledger.core.matters import OF_MATTERS
from ledger.use_cases.representation import Finding, Opening
from ledger.use_cases.sharing import Conversation
from projections.views.matters import MATTERS_AUDIENCE
from tests.http.living import asked, later, neighbour
from tests.http.served import Client, Served, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNKNOWN = "7c3e0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


async def said(client: Client, served: Served, *kinds: str, **query: Any) -> dict[str, dict[str, Any]]:
    """What a reader reads of matters of these kinds, by the type of the statement."""
    told = await asked(client, f"{served.record}/matters", kind=list(kinds), **query)
    return {one["type"]: one for matter in told["matters"] for one in matter["said"]}


async def an_emergency(served: Served) -> str:
    begun = await served.story.ledger.sharing.open_emergency(
        served.story.moss, served.story.record, "life-at-risk", "Found unconscious.", later(served, HOUR)
    )
    return str(begun.facts["emergency"])


async def test_every_statement_of_a_matter_has_a_row_for_each_reader() -> None:
    assert set(MATTERS_AUDIENCE) == OF_MATTERS
    assert len({tuple(row) for row in MATTERS_AUDIENCE.values()}) == 1


async def test_the_patient_reads_why_an_emergency_was_opened_and_how_it_was_reviewed(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, greta, moss = [await served.sign_in(by) for by in (story.amina, story.greta, story.moss)]
    emergency = await an_emergency(served)
    await ledger.sharing.review_emergency(story.greta, story.record, emergency, "justified", "It saved her.")
    start = await served.size()
    told = await said(amina, served, "emergency")
    opened, reviewed = told["emergency-opened/2"], told["emergency-reviewed/1"]
    assert (opened["words"], opened["facts"]["kind"]) == ({"reason": "Found unconscious."}, "life-at-risk")
    author = {"id": story.moss.person, "name": "Dr Moss", "acting_as": "clinician", "signed": "service"}
    assert opened["author"] == author
    assert (reviewed["words"], reviewed["facts"]["outcome"]) == ({"reason": "It saved her."}, "justified")
    [look] = await story.ledger.read(start, 1)
    assert [group["items"] for group in look.facts["permitted"]] == [[emergency]]

    of_greta = await said(greta, served, purpose="audit")
    assert of_greta["emergency-opened/2"]["words"] == {"reason": "Found unconscious."}
    assert of_greta["emergency-opened/2"]["author"]["name"] is None
    of_moss = await said(moss, served, "emergency", purpose="emergency")
    assert of_moss["emergency-reviewed/1"]["words"] is None
    assert of_moss["emergency-reviewed/1"]["facts"]["outcome"] == "justified"
    assert await said(amina, served, "question") == {}
    problem(await amina.get(f"{served.record}/matters", kind="gossip"), 422, "malformed")


async def test_whose_record_it_is_is_told_by_name_to_who_reads_names(served: Served) -> None:
    story = served.story
    record = await asked(await served.sign_in(story.okafor), served.record)
    for by, name in ((story.amina, record["patient"]["name"]), (story.okafor, record["patient"]["name"])):
        told = await asked(await served.sign_in(by), f"{served.record}/matters", kind=["conversation"])
        assert (told["patient"], name is None) == ({"id": story.amina.person, "name": name}, False)
    await an_emergency(served)
    greta = await served.sign_in(story.greta)
    overseen = await asked(greta, f"{served.record}/matters", kind=["emergency"], purpose="audit")
    assert overseen["patient"] == {"id": story.amina.person, "name": None}


async def test_a_patient_never_reads_why_a_notice_was_delayed(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, greta = await served.sign_in(story.amina), await served.sign_in(story.greta)
    emergency = await an_emergency(served)
    await ledger.sharing.delay_notice(story.greta, story.record, emergency, later(served, HOUR), "Not safe at home.")
    assert await said(amina, served) == {}
    await ledger.sharing.delay_notice(story.greta, story.record, emergency, later(served, 1000), "She is safe now.")
    await asyncio.sleep(1.1)
    told = await said(amina, served)
    assert told["notice-delayed/1"]["words"] is None
    assert "safe" not in str(told)
    assert (await said(greta, served, purpose="audit"))["notice-delayed/1"]["words"] == {"reason": "She is safe now."}


@pytest.mark.parametrize("looked", ["at the emergency", "at who has looked", "at the record alone", "not at all"])
async def test_what_the_patient_was_shown_is_not_untold(served: Served, looked: str) -> None:
    amina, greta = await served.sign_in(served.story.amina), await served.sign_in(served.story.greta)
    await asked(amina, f"{served.record}/trail")  # before there was anything to be told of
    emergency = await an_emergency(served)
    if looked == "at the emergency":
        assert "emergency-opened/2" in await said(amina, served, "emergency")
    if looked == "at who has looked":
        await asked(amina, f"{served.record}/trail")
    if looked == "at the record alone":
        await asked(amina, served.record)
    path = f"{served.record}/emergencies/{emergency}/notice-delay"
    delay = {"until": format_instant(later(served, HOUR)), "reason": "Not safe at home."}
    answer = await greta.post(path, **delay)
    if looked.startswith("at the record") or looked == "not at all":
        assert answer.status_code == 201
        longer = await greta.post(path, **delay)
        assert longer.status_code == 201, "and what is delayed can be delayed once more"
    else:
        assert "cannot be untold" in problem(answer, 403, "not-allowed")["detail"]
        assert answer.json()["rule"] == "already-told"
        assert "emergency-opened/2" in await said(amina, served, "emergency")


async def test_a_question_is_read_by_who_is_asked_and_its_answer_by_who_asked(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, moss, okafor, sam = [await served.sign_in(by) for by in (story.amina, story.moss, story.okafor, story.sam)]
    await story.note("Aspirin.", kind="allergy")
    await an_emergency(served)
    await moss.get(served.record, purpose="emergency")
    [line] = (await asked(amina, f"{served.record}/trail", viewer=story.moss.person))["lines"]
    question = (await ledger.sharing.question_access(story.amina, story.record, line["id"], "Why did you?")).facts
    assert (await said(moss, served, "question"))["access-questioned/1"]["words"] == {"text": "Why did you?"}
    await ledger.sharing.answer_access(story.moss, story.record, question["question"], "You could not speak.")
    answer = (await said(amina, served, "question"))["access-answered/1"]
    assert (answer["words"], answer["author"]["id"]) == ({"text": "You could not speak."}, story.moss.person)
    assert await said(okafor, served, "question") == {}
    answers = [await sam.get(f"/records/{one}/matters") for one in (story.record, UNKNOWN)]
    assert answers[0].status_code in (200, 404)
    assert "Why did you" not in answers[0].text


async def test_an_auditor_reads_that_something_was_and_no_word_of_it(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    ruth = await served.sign_in(story.ruth)
    await an_emergency(served)
    case = (await ledger.cases.assign(story.ada, story.ruth.person, "A complaint.", record=story.record)).facts["case"]
    told = await said(ruth, served, case=case)
    assert told.keys() == {"emergency-opened/2"}
    assert (told["emergency-opened/2"]["words"], told["emergency-opened/2"]["author"]["name"]) == (None, None)
    problem(await ruth.get(f"{served.record}/matters"), 404, "unknown")


async def test_a_scope_names_no_item_that_its_reader_may_not_see(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, okafor, sam = [await served.sign_in(by) for by in (story.amina, story.okafor, story.sam)]
    plan, working = await story.note("Walk.", kind="plan"), await story.note("Between us.", kind="working-note")
    parts = [{"kind": "item", "of": plan}, {"kind": "item", "of": working}, {"kind": "kind", "of": "medicine"}]
    found = await ledger.representation.assess_capacity(
        story.okafor, story.record, Finding("sharing", "lacks", "Cannot weigh it.", later(served, HOUR), parts)
    )
    opening = Opening(story.sam.person, [parts[0]], later(served, HOUR), "He looks after her.")
    await ledger.representation.disclose_in_best_interests(
        story.okafor, story.record, found.facts["assessment"], opening
    )
    of_amina, of_okafor = await said(amina, served), await said(okafor, served)
    assert of_amina["capacity-assessed/1"]["facts"]["relevant"] == [parts[0], parts[2]]
    assert of_okafor["capacity-assessed/1"]["facts"]["relevant"] == parts
    assert of_amina["capacity-assessed/1"]["words"] == {"text": "Cannot weigh it."}
    assert of_amina["best-interests-made/1"]["words"] == {"reason": "He looks after her."}
    assert working not in str(of_amina)
    assert await said(sam, served) == {}
    problem(await sam.get(f"{served.record}/items/{found.facts['assessment']}"), 404, "unknown")


async def test_a_conversation_about_carers_is_read_by_patient_and_team(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, lind = await served.sign_in(story.amina), await served.sign_in(story.lind)
    held = Conversation("not-now", story.sam.person, text="She wants to think about it.")
    await ledger.sharing.hold_conversation(story.okafor, story.record, held)
    for client in (amina, lind):
        told = (await said(client, served, "conversation"))["carer-conversation-held/1"]
        assert (told["facts"]["outcome"], told["words"]) == ("not-now", {"text": "She wants to think about it."})
