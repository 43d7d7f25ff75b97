"""The receipts of an item over HTTP: of what its reader is shown, each of which holds, and of nothing else."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from ledger.core.entry import parse_entry
from ledger.core.instants import HOUR
from ledger.core.public import Erased
from projections.views.audience import OF_ERASED
from tests.http.living import asked, later, neighbour
from tests.http.receipts import checked, parent_of
from tests.http.served import Client, Served, problem, statement_id
from tests.http.test_absence import UNKNOWN, sent

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


def path_of(served: Served, item: str) -> str:
    return f"{served.record}/items/{item}/receipts"


async def held(client: Client, served: Served, item: str) -> list[dict[str, Any]]:
    """What is answered of an item: each receipt must hold, by the log's keys alone, for what stands beside it."""
    told: list[dict[str, Any]] = (await asked(client, path_of(served, item)))["receipts"]
    checked(told)
    return told


def types(told: list[dict[str, Any]]) -> list[str]:
    return [one["type"] for one in told]


def in_a_month() -> date:
    return datetime.now(tz=UTC).date() + timedelta(days=30)


async def withhold(served: Served, item: str, kept_from: str, ground: str) -> str:
    """Dr Okafor keeps an item from somebody; gives the id of the statement."""
    said = await served.story.ledger.items.withhold(
        served.story.okafor, served.story.record, item, kept_from=kept_from, ground=ground,
        opinion=datetime.now(tz=UTC).date(), review=in_a_month(), reason="It would harm.",
    )  # fmt: skip
    return said.statement_id


async def test_a_patient_holds_the_receipts_of_all_that_is_said_of_an_entry_whoever_said_it(served: Served) -> None:
    story, items = served.story, served.story.ledger.items
    amina = await served.sign_in(story.amina)
    note = await story.note("Laughed.")
    await items.amend(story.okafor, story.record, note, "Laughed at a joke.")
    comment = (await items.comment(story.amina, story.record, note, "It was a joke.")).facts["item"]
    await items.agree(story.amina, story.record, note, "disagree")
    await items.mark_in_error(story.lind, story.record, note, "Nobody laughed.", wrong_record=False)
    before = await served.size()
    told = await held(amina, served, note)
    assert types(told) == [
        "item-added/1", "item-amended/1", "item-added/1", "agreement-stated/1", "item-marked-in-error/1",
    ]  # fmt: skip
    assert [one["item"] for one in told] == [note, note, comment, note, note]
    assert [one["author"]["name"] for one in told][::4] == ["Dr Okafor", "Dr Lind"]
    assert {one["author"]["signed"] for one in told} == {"service"}
    assert {one["standing"] for one in told} == {"recorded"}
    assert await served.said(before) == ["disclosure-made/1"]
    [look] = await story.ledger.read(before, 1)
    assert {item for group in look.facts["permitted"] for item in group["items"]} == {note, comment}


async def test_a_receipt_says_whether_its_author_signed_as_the_entry_does(served: Served) -> None:
    okafor, amina = await served.sign_in(served.story.okafor), await served.sign_in(served.story.amina)
    own = await amina.say(f"{served.record}/items", kind="contribution", text="I walk.")
    view = await asked(okafor, f"{served.record}/items/{own['ids']['item']}")
    [told] = await held(okafor, served, own["ids"]["item"])
    assert told["author"] == view["items"][0]["author"]
    assert told["statement_id"] == own["statement_id"]
    assert (told["made_at"], told["recorded_at"]) == (view["items"][0]["made_at"], own["recorded_at"])


async def test_a_clinician_holds_what_a_patient_is_not_told_of_and_names_a_purpose(served: Served) -> None:
    story = served.story
    okafor, amina = await served.sign_in(story.okafor), await served.sign_in(story.amina)
    note = await story.note("Names a neighbour.")
    withheld = await withhold(served, note, "carers", "third-party")
    assert types(await held(amina, served, note)) == ["item-added/1"]
    told = await held(okafor, served, note)
    assert types(told) == ["item-added/1", "withholding-made/1"]
    assert told[1]["statement_id"] == withheld
    problem(await okafor.get(path_of(served, note), purpose="own-record"), 422, "malformed")
    moss = await served.sign_in(story.moss)
    assert problem(await moss.get(path_of(served, note)), 403, "not-allowed")["rule"] == "no-relationship"


async def test_a_hidden_comment_is_among_nobodys_receipts_but_who_sees_it(served: Served) -> None:
    story = served.story
    okafor, amina = await served.sign_in(story.okafor), await served.sign_in(story.amina)
    note = await story.note("Slept badly.")
    comment = (await story.ledger.items.comment(story.okafor, story.record, note, "It is worse.")).facts["item"]
    assert len(await held(amina, served, note)) == 2
    await withhold(served, comment, "patient", "serious-harm")
    [shown] = await held(amina, served, note)
    assert shown["item"] == note
    assert {one["item"] for one in await held(okafor, served, note)} == {note, comment}
    hidden, unknown = [await amina.get(path_of(served, one)) for one in (comment, UNKNOWN)]
    problem(hidden, 404, "unknown")
    assert sent(hidden, comment) == sent(unknown, UNKNOWN)


async def test_of_erased_words_no_receipt_tells_where_what_was_hidden_stood(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina = await served.sign_in(story.amina)
    note = await story.note("Told to one only.")
    await ledger.items.amend(story.okafor, story.record, note, "Told to nobody.")
    await withhold(served, note, "carers", "third-party")
    erasure = (await ledger.erasing.ask(story.amina, story.record, note, "consent-withdrawn", "x")).facts["erasure"]
    assert types(await held(amina, served, note)) == ["item-added/1", "item-amended/1", "erasure-asked/1"]
    [erased] = await ledger.erasing.erase(story.greta, story.record, note, str(erasure), "consent-withdrawn")
    named = parse_entry(erased.receipt.entry).signed.statement.public
    assert isinstance(named, Erased)
    assert len(named.positions) == 4, "the withholding as well, of which Amina knows nothing"
    for by in (story.amina, story.okafor):
        told = await held(await served.sign_in(by), served, note)
        assert set(types(told)) <= OF_ERASED - {"content-erased/1"}
        assert [parse_entry(one["receipt"]["entry"].encode()).signed.statement.public for one in told] == [None]


async def test_what_was_written_in_the_wrong_record_is_not_there(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    note = await story.note("Somebody else's.")
    await story.ledger.items.mark_in_error(story.okafor, story.record, note, "Another name.", wrong_record=True)
    gone, unknown = [await amina.get(path_of(served, one)) for one in (note, UNKNOWN)]
    problem(gone, 404, "unknown")
    assert sent(gone, note) == sent(unknown, UNKNOWN)
    own = await held(await served.sign_in(story.okafor), served, note)
    assert types(own) == ["item-added/1", "item-marked-in-error/1"]


async def test_a_matter_of_the_record_is_no_entry_of_it(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    begun = await story.ledger.sharing.open_emergency(
        story.moss, story.record, "life-at-risk", "Found unconscious.", later(served, HOUR)
    )
    matter = str(begun.facts["emergency"])
    told, unknown = [await amina.get(path_of(served, one)) for one in (matter, UNKNOWN)]
    problem(told, 404, "unknown")
    assert sent(told, matter) == sent(unknown, UNKNOWN)


async def test_a_carer_holds_none_whatever_is_shared_and_their_asking_is_on_the_trail(served: Served) -> None:
    story = served.story
    sam = await served.sign_in(story.sam)
    plan, hidden = await story.note("Walk every day.", kind="plan-for-carers"), await story.note("Hidden.")
    await story.share({"kind": "kind", "of": "plan-for-carers"})
    own = (await story.ledger.items.comment(story.sam, story.record, plan, "We do.")).facts["item"]
    before = await served.size()
    answers = {one: await sam.get(path_of(served, one)) for one in (plan, own, hidden, UNKNOWN)}
    assert len({str(sent(answer, one)) for one, answer in answers.items()}) == 1
    problem(answers[plan], 404, "unknown")
    looks = await story.ledger.read(before, 10)
    assert [(one.facts["refused"], one.facts["permitted"]) for one in looks] == [("no-trail", [])] * 4


async def test_who_oversees_holds_none(served: Served) -> None:
    story = served.story
    note = await story.note("Slept badly.")
    before = await served.size()
    for by in (story.ruth, story.greta, story.ada):
        told = problem(await (await served.sign_in(by)).get(path_of(served, note), purpose="audit"), 403, "not-allowed")
        assert told["rule"] == "no-view"
    assert "disclosure-made/1" not in await served.said(before)


@pytest.mark.parametrize(("age", "holds"), [(10, True), (12, False)], ids=["of a child", "of a young person"])
async def test_a_parent_holds_what_the_child_would_and_of_a_young_person_none(
    served: Served, age: int, holds: bool
) -> None:
    story = served.story
    nadia = await parent_of(served, age)
    plan = await story.note("Walk every day.", kind="plan-for-carers")
    await story.share({"kind": "kind", "of": "plan-for-carers"}, nadia)
    client = await served.sign_in(nadia)
    if holds:
        assert types(await held(client, served, plan)) == ["item-added/1"]
    else:
        there, unknown = [await client.get(path_of(served, one)) for one in (plan, UNKNOWN)]
        problem(there, 404, "unknown")
        assert sent(there, plan) == sent(unknown, UNKNOWN)


async def test_the_receipt_of_one_statement_is_for_its_author_alone(served: Served) -> None:
    story = served.story
    okafor, amina = await served.sign_in(story.okafor), await served.sign_in(story.amina)
    said = await okafor.say(f"{served.record}/items", kind="note", text="Slept badly.")
    path = f"/statements/{okafor.by.person}/{said['statement_id']}/receipt"
    before = await served.size()
    answer = (await okafor.get(path)).json()
    assert answer["receipt"]["entry"] == said["receipt"]["entry"]
    none = f"/statements/{okafor.by.person}/{statement_id()}/receipt"
    told, nothing = [await amina.get(one) for one in (path, none)]
    problem(told, 404, "unknown")
    assert sent(told, said["statement_id"]) == sent(nothing, none.split("/")[3])
    assert await served.size() == before
    [shown] = await held(amina, served, said["ids"]["item"])
    assert shown["receipt"]["entry"] == said["receipt"]["entry"]
