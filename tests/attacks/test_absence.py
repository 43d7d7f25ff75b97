"""Somebody who knows an id, counts, pages or compares learns nothing of what is hidden from them."""

from typing import Any

from ledger.saying import By
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from tests.attacks.hiding import (
    FROM_CARERS,
    UNKNOWN,
    WITHOUT_TRACE,
    Hide,
    ask_everything,
    pages,
    sent,
)
from tests.http.served import Client, Served, problem


async def assert_all_answer_as_unknown(served: Served, client: Client, ways: dict[str, Hide]) -> None:
    unknown = await ask_everything(client, served.record, UNKNOWN)
    assert {status for status, _, _ in unknown.values()} <= {403, 404}
    for way, hide in ways.items():
        item = await hide(served.story)
        heard = await ask_everything(client, served.record, item)
        assert heard == unknown, way


async def test_a_carer_who_knows_the_id_of_what_is_hidden_hears_what_an_unknown_id_hears(served: Served) -> None:
    await served.story.share({"kind": "everything"})
    await assert_all_answer_as_unknown(served, await served.sign_in(served.story.sam), dict(FROM_CARERS))


async def test_so_does_a_patient_who_knows_the_id_of_what_is_hidden_without_trace(served: Served) -> None:
    await assert_all_answer_as_unknown(served, await served.sign_in(served.story.amina), dict(WITHOUT_TRACE))


async def test_so_does_somebody_who_is_no_carer_any_more_but_reads_their_own_words(served: Served) -> None:
    story = served.story
    shared, own = await story.note("Shared once."), Draft("contribution", "She sleeps badly.")
    await story.share({"kind": "everything"})
    await story.ledger.items.add(story.sam, story.record, own)
    await story.ledger.care.end_carer(story.amina, story.record, story.sam.person)
    sam = await served.sign_in(story.sam)
    assert [item["text"] for item in (await sam.get(served.record)).json()["items"]] == [own.text]
    assert await ask_everything(sam, served.record, shared) == await ask_everything(sam, served.record, UNKNOWN)


async def test_so_does_a_clinician_who_has_left_but_reads_their_own_words(served: Served) -> None:
    story = served.story
    await story.note("Mine.")
    other = await story.note("Of a colleague.", by=story.lind)
    await story.ledger.people.leave_team(story.ada, story.practice, story.okafor.person)
    okafor = await served.sign_in(story.okafor)
    assert [item["text"] for item in (await okafor.get(served.record)).json()["items"]] == ["Mine."]
    assert await ask_everything(okafor, served.record, other) == await ask_everything(okafor, served.record, UNKNOWN)


async def pages_before_and_after(served: Served, client: Client, ways: dict[str, Hide]) -> tuple[Any, Any]:
    """All pages, small ones, of the same record without and with something hidden between all that is shown."""
    for n in range(3):
        await served.story.note(f"Shown {n}.")
    before = await pages(client, served.record, limit=2)
    for hide in ways.values():
        await hide(served.story)
    return before, await pages(client, served.record, limit=2)


async def test_a_carers_pages_are_byte_for_byte_those_of_a_record_without_what_is_hidden(served: Served) -> None:
    await served.story.share({"kind": "everything"})
    sam = await served.sign_in(served.story.sam)
    before, after = await pages_before_and_after(served, sam, dict(FROM_CARERS))
    assert len(before) == 2
    assert before == after


async def test_a_patients_pages_are_those_of_a_record_without_what_is_hidden_without_trace(served: Served) -> None:
    amina = await served.sign_in(served.story.amina)
    before, after = await pages_before_and_after(served, amina, dict(WITHOUT_TRACE))
    assert len(before) == 2
    assert before == after


async def test_asking_for_kinds_does_not_tell_of_which_kind_something_sealed_is(served: Served) -> None:
    story = served.story
    plan, lind = await story.note("Sealed.", kind="plan"), {"kind": "person", "id": story.lind.person}
    seal = Directing(lind, {"kind": "item", "of": plan}, "withhold")
    await story.ledger.sharing.direct(story.amina, story.record, seal)
    client = await served.sign_in(story.lind)
    answers = [(await client.get(served.record, kind=kind)).json()["sealed"] for kind in ("plan", "note", "flag")]
    assert answers == [answers[0]] * 3
    assert [mark["id"] for mark in answers[0]] == [plan]


async def test_the_order_of_a_trail_line_is_that_of_a_page_without_what_is_hidden(served: Served) -> None:
    story = served.story
    amina, okafor = await served.sign_in(story.amina), await served.sign_in(story.okafor)
    await story.note("Of a colleague.", by=story.lind)
    await story.note("His own.")
    await okafor.get(served.record)
    await story.note("At risk.", kind="flag", by=story.lind)  # now the newest, by the rule of the colleague's note
    await okafor.get(served.record)
    lines = (await amina.get(f"{served.record}/trail")).json()["lines"]
    seen = [line["shown"] for line in lines if line["acting_as"] == "clinician"]
    assert len(seen) == 2
    assert seen[0] == seen[1]


async def test_naming_a_stranger_does_not_tell_whether_a_record_exists(served: Served) -> None:
    moss = await served.sign_in(By(served.story.moss.person, "carer"))
    for path, body in (
        ("carers", {"person": UNKNOWN, "relation": "son"}),
        ("care", {"person": UNKNOWN, "ground": "referral"}),
        ("directives", {"grantee": {"kind": "person", "id": UNKNOWN}, "scope": {"kind": "everything"}}),
    ):
        answers = [await moss.post(f"/records/{name}/{path}", **body) for name in (served.story.record, UNKNOWN)]
        assert sent(answers[0], served.story.record) == sent(answers[1], UNKNOWN)
        problem(answers[0], 403, "not-allowed")
