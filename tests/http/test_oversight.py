"""A record as an auditor and a guardian see it: that something is there, whose, when and by which rule; never words."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import pytest_asyncio

from ledger.core.instants import HOUR, format_instant
from ledger.use_cases.representation import Finding, Instrument
from tests.http.living import asked, later, neighbour
from tests.http.served import Served, problem, statement_id

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


async def test_an_auditor_sees_structure_within_a_case_and_topics_once_opened_with_a_reason(
    served: Served,
) -> None:
    story, ledger = served.story, served.story.ledger
    ruth = await served.sign_in(story.ruth)
    private = await story.note("Tests.", title="Results", topics=("sexual-health",))
    plain = await story.note("Slept.")
    await ledger.items.comment(story.amina, story.record, plain, "I did not.")
    wrong = await story.note("Of somebody else.")
    await ledger.items.mark_in_error(story.okafor, story.record, wrong, "Mistyped.")
    case = (await ledger.cases.assign(story.ada, story.ruth.person, "A complaint.", record=story.record)).facts["case"]
    told = await asked(ruth, served.record, case=case)
    shown = {item["id"]: item for item in told["items"]}
    assert shown.keys() == {private, plain, wrong}
    for words in ("Tests", "Results", "Slept", "did not", "Mistyped", "Okafor", "Amina", "sexual-health"):
        assert words not in str(told), words
    assert (shown[private]["topics"], shown[private]["masked"]) == (None, True)
    assert (shown[plain]["topics"], shown[plain]["masked"]) == (None, True)  # else the mark would tell
    assert (shown[plain]["author"], shown[plain]["rule"], shown[plain]["state"]) == (
        story.okafor.person,
        "audit",
        "live",
    )
    assert [child["author"] for child in shown[plain]["children"]] == [story.amina.person]
    assert (shown[wrong]["state"], len(shown[wrong]["said"])) == ("in-error", 2)

    await ledger.cases.open_topics(story.ruth, case, story.record, private, "The complaint is about this.")
    one = (await asked(ruth, f"{served.record}/items/{private}", case=case))["items"][0]
    assert (one["topics"], one["masked"]) == (["sexual-health"], False)
    assert (await asked(ruth, f"{served.record}/items/{plain}", case=case))["items"][0]["masked"] is True

    problem(await ruth.get(served.record), 404, "unknown")
    elsewhere = await neighbour(served)
    problem(await ruth.get(elsewhere.record, case=case), 404, "unknown")
    await ledger.cases.close(story.ada, case, story.ruth.person)
    problem(await ruth.get(served.record, case=case), 404, "unknown")


async def test_the_case_of_a_person_shows_what_they_wrote_in_pages(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    ruth = await served.sign_in(story.ruth)
    mine = [await story.note(f"Note {n}.", by=story.lind) for n in range(3)]
    await story.note("By somebody else.")
    asks = await ledger.cases.assign(
        story.ada,
        story.ruth.person,
        "About Lind.",
        person=story.lind.person,
        period=(later(served, -HOUR), later(served, HOUR)),
    )
    query: dict[str, Any] = {"case": asks.facts["case"], "limit": 2}
    first = await asked(ruth, served.record, **query)
    second = await asked(ruth, served.record, cursor=first["cursor"], **query)
    assert [item["id"] for item in first["items"] + second["items"]] == mine[::-1]
    problem(await ruth.get(served.record, cursor=first["cursor"], limit=2), 400, "cursor")


async def test_a_guardian_sees_what_is_kept_on_which_ground_and_nothing_else(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    greta, moss = await served.sign_in(story.greta), await served.sign_in(story.moss)
    await story.note("Slept.")
    problem(await greta.get(served.record, purpose="audit"), 404, "unknown")
    kept = await story.note("About her sister.", topics=("genetic",))
    made = await ledger.items.withhold(
        story.okafor, story.record, kept, kept_from="patient", ground="third-party", opinion=date(2026, 1, 1),
        review=date(2027, 1, 1), reason="Her sister asked.",
    )  # fmt: skip
    told = await asked(greta, served.record, purpose="audit")
    [item] = told["items"]
    assert (item["id"], item["rule"], item["topics"]) == (kept, "guardian", None)
    assert item["withheld"] == [
        {
            "id": made.facts["withholding"], "kept_from": "patient", "ground": "third-party",
            "author": story.okafor.person, "opinion_date": "2026-01-01", "review_date": "2027-01-01",
        }
    ]  # fmt: skip
    for words in ("sister", "Okafor", "genetic"):
        assert words not in str(told)
    await ledger.items.lift(story.okafor, story.record, kept, made.facts["withholding"])
    assert (await asked(greta, served.record, purpose="audit"))["items"] == []
    assert problem(await moss.get(served.record), 403, "not-allowed")["rule"] == "no-relationship"


def _born(years: int) -> date:
    """The birth of somebody who is so many years old, and some months."""
    return date.today() - timedelta(days=366 * years + 100)


async def test_a_childs_parent_reads_as_the_child_would_and_later_as_a_carer_does(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    parent = await served.sign_in(replace(story.sam, acting_as="parent"))
    problem(await parent.get(served.record), 404, "unknown")
    note = await story.note("Slept.")
    result = await story.note("Positive.", kind="result")
    await ledger.items.hold(story.okafor, story.record, result, later(served, HOUR), "To be told in person.")
    await ledger.representation.state_birth(story.ada, story.record, _born(5))
    await ledger.representation.register_parent(story.ada, story.record, story.sam.person)
    told = await asked(parent, served.record)
    assert ([item["id"] for item in told["items"]], [mark["id"] for mark in told["sealed"]]) == ([note], [result])
    await ledger.representation.state_birth(story.greta, story.record, _born(12))
    told = await asked(parent, served.record)
    assert (told["items"], "sealed" in told) == ([], False)
    assert problem(await parent.get(f"{served.record}/trail"), 403, "not-allowed")["rule"] == "no-trail"


async def test_an_attorney_reads_what_bears_on_the_decision_as_a_carer_reads(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    attorney = await served.sign_in(replace(story.moss, acting_as="attorney"))
    await story.note("Slept.")
    plan = await story.note("An operation.", kind="plan")
    await ledger.representation.register_power(
        story.ada, story.record,
        Instrument(story.moss.person, "attorney", ["treatment"], "jointly-and-severally", date(2026, 1, 1)),
    )  # fmt: skip
    assert (await asked(attorney, served.record))["items"] == []
    await ledger.representation.assess_capacity(
        story.okafor, story.record,
        Finding("treatment", "lacks", "Cannot weigh it.", later(served, HOUR), [{"kind": "kind", "of": "plan"}]),
    )  # fmt: skip
    told = await asked(attorney, served.record)
    assert [item["id"] for item in told["items"]] == [plan]
    assert not {"sealed", "why"} & {*told, *told["items"][0]}
    problem(await attorney.get(f"{served.record}/trail"), 404, "unknown")


async def test_a_case_is_bounded_by_a_period_and_its_auditor_opens_topics_with_a_reason(served: Served) -> None:
    story = served.story
    ada, ruth = await served.sign_in(story.ada), await served.sign_in(story.ruth)
    item = await story.note("Low mood.", topics=("mental-health",))
    soon = format_instant(later(served, HOUR))
    period = {"since": format_instant(later(served, -HOUR)), "before": soon}
    assigned = await ada.say(
        "/cases", auditor=story.ruth.person, record=story.record, period=period, until=soon, reason="x"
    )
    path = f"/cases/{assigned['ids']['case']}"
    await ruth.say(f"{path}/topics", record=story.record, item=item, reason="The complaint is about it.")
    unknown = await ruth.post(f"{path}/topics", record=story.record, item=statement_id(), reason="x")
    problem(unknown, 404, "unknown")
    unbounded = await ada.post("/cases", auditor=story.ruth.person, reason="x")
    assert problem(unbounded, 403, "not-allowed")["rule"] == "unbounded-case"
    await ruth.say(f"{path}/close", auditor=story.ruth.person)
    later_on = await ruth.post(f"{path}/topics", record=story.record, item=item, reason="x")
    assert problem(later_on, 403, "not-allowed")["rule"] == "no-case"
