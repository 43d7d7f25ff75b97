"""The receipts of a matter over HTTP: of what its reader is told of it, each of which holds, and of nothing else."""

import asyncio
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from ledger.core.instants import DAY, HOUR
from ledger.core.matters import OF_MATTERS
from ledger.core.vocabulary import STATEMENT_TYPES
from ledger.saying import By
from ledger.use_cases.representation import Finding, Instrument, Opening
from ledger.use_cases.sharing import Conversation
from projections.views.audience import Depth
from projections.views.matters import MATTERS_AUDIENCE
from tests.http.living import asked, later, neighbour, now
from tests.http.receipts import checked, parent_of
from tests.http.served import Client, Served, problem
from tests.http.test_absence import UNKNOWN, sent

pytestmark = pytest.mark.asyncio(loop_scope="module")
PART = {"kind": "kind", "of": "medicine"}


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


def path_of(served: Served, matter: str) -> str:
    return f"{served.record}/matters/{matter}/receipts"


async def held(client: Client, served: Served, matter: str, **query: Any) -> list[dict[str, Any]]:
    """What is answered of a matter: each receipt must hold, by the log's keys alone, and be of what the list tells."""
    told: list[dict[str, Any]] = (await asked(client, path_of(served, matter), **query))["receipts"]
    listed = (await asked(client, f"{served.record}/matters", **query))["matters"]
    [of_it] = [one["said"] for one in listed if one["id"] == matter]
    members = ("type", "author", "made_at", "recorded_at")
    assert [[one[name] for name in members] for one in told] == [[one[name] for name in members] for one in of_it]
    assert {one["matter"] for one in told} <= {matter}
    assert all(said.public is None for said in checked(told))
    return told


def types(told: list[dict[str, Any]]) -> list[str]:
    return [one["type"].partition("/")[0] for one in told]


async def an_emergency(served: Served) -> str:
    begun = await served.story.ledger.sharing.open_emergency(
        served.story.moss, served.story.record, "life-at-risk", "Found unconscious.", later(served, HOUR)
    )
    return str(begun.facts["emergency"])


async def an_assessment(served: Served) -> str:
    finding = Finding("sharing", "lacks", "Cannot weigh it.", later(served, HOUR), [PART])
    story = served.story
    found = await story.ledger.representation.assess_capacity(story.okafor, story.record, finding)
    return str(found.facts["assessment"])


async def a_conversation(served: Served) -> str:
    story = served.story
    talk = await story.ledger.sharing.hold_conversation(story.okafor, story.record, Conversation("not-now", None))
    return str(talk.facts["conversation"])


async def a_question(served: Served) -> str:
    """Amina asks Dr Okafor, who has looked."""
    story = served.story
    await asked(await served.sign_in(story.okafor), served.record)
    amina = await served.sign_in(story.amina)
    line = (await asked(amina, f"{served.record}/trail", viewer=story.okafor.person))["lines"][0]
    said = await story.ledger.sharing.question_access(story.amina, story.record, line["id"], "Why did you?")
    return str(said.facts["question"])


async def refused_alike(client: Client, served: Served, matters: list[str], **query: Any) -> None:
    """Each of these is answered as a matter that nobody knows."""
    answers = [await client.get(path_of(served, one), **query) for one in (*matters, UNKNOWN)]
    problem(answers[0], 404, "unknown")
    assert len({str(sent(answer, one)) for answer, one in zip(answers, (*matters, UNKNOWN), strict=True)}) == 1


async def test_a_patient_holds_the_receipts_of_an_emergency_and_of_its_review(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, moss = await served.sign_in(story.amina), await served.sign_in(story.moss)
    emergency = await an_emergency(served)
    await ledger.sharing.review_emergency(story.greta, story.record, emergency, "justified", "It saved her.")
    told = await held(amina, served, emergency)
    assert types(told) == ["emergency-opened", "emergency-reviewed"]
    assert [one["author"]["name"] for one in told] == ["Dr Moss", None]
    assert {one["standing"] for one in told} == {"recorded"}
    assert types(await held(moss, served, emergency, purpose="emergency")) == types(told)


async def test_the_look_at_receipts_is_one_at_this_matter_alone_and_is_derived_again(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, ruth = await served.sign_in(story.amina), await served.sign_in(story.ruth)
    first, second = await an_emergency(served), await an_emergency(served)
    await ledger.sharing.delay_notice(story.greta, story.record, second, later(served, HOUR), "Not safe at home.")
    before = await served.size()
    for matter in (first, second, UNKNOWN):
        await amina.get(path_of(served, matter))
    assert await served.said(before) == ["disclosure-made/1"] * 3
    looks = await ledger.read(before, 3)
    shown = [[one for group in look.facts["permitted"] for one in group["items"]] for look in looks]
    assert shown == [[first], [], []]
    assert [look.facts["refused"] for look in looks] == [None, "notice-delayed", "unknown-item"]
    case = (await ledger.cases.assign(story.ada, story.ruth.person, "A complaint.", record=story.record)).facts["case"]
    again = await asked(ruth, "/trail/replay", case=case)
    assert (again["disclosures"], again["refusals"], again["differences"]) == (3, 2, [])


async def test_what_is_said_in_an_assessment_and_for_a_carer_has_receipts_for_patient_and_team(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    assessment = await an_assessment(served)
    opening = Opening(story.sam.person, [PART], later(served, HOUR), "He looks after her.")
    made = await ledger.representation.disclose_in_best_interests(story.okafor, story.record, assessment, opening)
    opened = str(made.facts["best_interests"])
    await ledger.representation.end_best_interests(story.okafor, story.record, opened)
    await ledger.representation.withdraw_assessment(story.okafor, story.record, assessment, "She can decide again.")
    conversation = await a_conversation(served)
    for by in (story.amina, story.okafor, story.lind):
        client = await served.sign_in(by)
        assert types(await held(client, served, assessment)) == ["capacity-assessed", "capacity-withdrawn"], by
        assert types(await held(client, served, opened)) == ["best-interests-made", "best-interests-ended"], by
        assert types(await held(client, served, conversation)) == ["carer-conversation-held"], by


async def test_a_question_and_its_answer_have_receipts_for_who_asked_and_who_was_asked(served: Served) -> None:
    story = served.story
    amina, okafor, lind = [await served.sign_in(by) for by in (story.amina, story.okafor, story.lind)]
    question = await a_question(served)
    assert types(await held(okafor, served, question)) == ["access-questioned"]
    await story.ledger.sharing.answer_access(story.okafor, story.record, question, "To call you back.")
    for client in (amina, okafor):
        told = await held(client, served, question)
        assert types(told) == ["access-questioned", "access-answered"]
        assert [one["author"]["id"] for one in told] == [story.amina.person, story.okafor.person]
    await refused_alike(lind, served, [question])


async def test_an_emergency_that_a_patient_is_not_told_of_yet_has_no_receipts(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, moss = await served.sign_in(story.amina), await served.sign_in(story.moss)
    emergency = await an_emergency(served)
    await ledger.sharing.delay_notice(story.greta, story.record, emergency, later(served, HOUR), "Not safe at home.")
    await refused_alike(amina, served, [emergency])
    assert types(await held(moss, served, emergency, purpose="emergency")) == ["emergency-opened"]
    await ledger.sharing.delay_notice(story.greta, story.record, emergency, later(served, 100), "She is safe now.")
    await asyncio.sleep(0.2)
    assert types(await held(amina, served, emergency)) == ["emergency-opened", "notice-delayed", "notice-delayed"]
    assert types(await held(moss, served, emergency, purpose="emergency")) == ["emergency-opened"]


async def test_no_item_and_no_matter_of_another_record_is_a_matter_here(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    elsewhere = await neighbour(served)
    await refused_alike(amina, served, [await story.note("Slept badly."), await a_conversation(elsewhere)])
    conversation = await a_conversation(served)
    problem(await amina.get(path_of(elsewhere, conversation)), 404, "unknown")
    assert types(await held(amina, served, conversation)) == ["carer-conversation-held"]


async def test_a_clinician_names_a_purpose_and_holds_none_where_they_are_not_let_in(served: Served) -> None:
    story = served.story
    okafor, moss = await served.sign_in(story.okafor), await served.sign_in(story.moss)
    conversation, question = await a_conversation(served), await a_question(served)
    problem(await okafor.get(path_of(served, conversation), purpose="own-record"), 422, "malformed")
    told = problem(await moss.get(path_of(served, conversation)), 403, "not-allowed")
    assert told["rule"] == "no-relationship"
    await an_emergency(served)
    assert len(await held(moss, served, conversation, purpose="emergency")) == 1
    await refused_alike(moss, served, [question], purpose="emergency")


async def test_a_carer_holds_none_and_an_attorney_none_of_what_they_decide_by(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    vera = By(str((await ledger.people.register(story.ada, "Vera Novak")).facts["person"]), "attorney")
    instrument = Instrument(vera.person, "attorney", ["sharing"], "jointly-and-severally", date(2026, 1, 1), 1)
    await ledger.representation.register_power(story.ada, story.record, instrument)
    assessment = await an_assessment(served)
    attorney, sam = await served.sign_in(vera), await served.sign_in(story.sam)
    [listed] = (await asked(attorney, f"{served.record}/matters"))["matters"]
    assert listed["id"] == assessment
    before = await served.size()
    await refused_alike(attorney, served, [assessment])
    await refused_alike(sam, served, [assessment])
    looks = await ledger.read(before, 10)
    assert [(one.facts["refused"], one.facts["permitted"]) for one in looks] == [("no-trail", [])] * 4


async def test_who_oversees_holds_none(served: Served) -> None:
    story = served.story
    emergency = await an_emergency(served)
    before = await served.size()
    for by in (story.ruth, story.greta, story.ada):
        client = await served.sign_in(by)
        told = problem(await client.get(path_of(served, emergency), purpose="audit"), 403, "not-allowed")
        assert told["rule"] == "no-view"
    assert "disclosure-made/1" not in await served.said(before)


@pytest.mark.parametrize(("age", "holds"), [(10, True), (12, False)], ids=["of a child", "of a young person"])
async def test_a_parent_holds_what_the_child_would_and_of_a_young_person_none(
    served: Served, age: int, holds: bool
) -> None:
    nadia = await parent_of(served, age)
    conversation = await a_conversation(served)
    client = await served.sign_in(nadia)
    if holds:
        assert types(await held(client, served, conversation)) == ["carer-conversation-held"]
    else:
        await refused_alike(client, served, [conversation])


async def test_what_a_guardian_releases_after_death_has_a_receipt_for_no_reader_of_it(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    await ledger.representation.record_death(story.okafor, story.record, date.fromisoformat(now(served)[:10]))
    opening = Opening(story.sam.person, [{"kind": "kind", "of": "letter"}], later(served, DAY), "A claim.")
    said = await ledger.representation.release_after_death(story.greta, story.record, opening)
    release = str(said.facts["release"])
    for by in (story.amina, story.okafor):
        await refused_alike(await served.sign_in(by), served, [release])


async def test_the_entry_of_what_is_told_of_a_matter_says_no_more_of_it() -> None:
    for statement_type in OF_MATTERS:
        of_type = STATEMENT_TYPES[statement_type]
        assert of_type.public is None, "nothing of it is said in clear"
        for reader, depth in MATTERS_AUDIENCE[statement_type].items():
            if depth is Depth.FACTS:
                always_or_never = of_type.words is None or of_type.words_required
                assert always_or_never, f"{statement_type} would tell a {reader} that there are words"
