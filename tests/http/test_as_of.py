"""As of: what somebody could see at an instant, and what they were in fact shown until then."""

from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from ledger.core.instants import HOUR
from tests.http.living import asked, later, neighbour, now
from tests.http.served import Client, Served, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNKNOWN = "7c3e0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


async def items(client: Client, served: Served, **query: Any) -> list[str]:
    told = await asked(client, f"{served.record}/as-of", **query)
    return [one["item"] for one in told["items"]]


async def test_what_a_carer_could_see_follows_what_the_patient_allowed_at_each_instant(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    sam = {"person": story.sam.person, "acting_as": "carer"}
    await story.note("Hidden.")
    plan = await story.note("Walk.", kind="plan-for-carers")
    before = now(served)
    share = await story.share({"kind": "kind", "of": "plan-for-carers"})
    shared = now(served)
    await story.ledger.sharing.withdraw(story.amina, story.record, share)
    start = await served.size()
    told = [await items(amina, served, at=at, **sam) for at in (before, shared, now(served))]
    assert told == [[], [plan], []]
    looks = await story.ledger.read(start, 3)
    assert {(look.type, look.facts["via"], look.facts["viewer"]) for look in looks} == {
        ("disclosure-made/1", "trail", story.amina.person)
    }
    full = await asked(amina, f"{served.record}/as-of", at=shared, **sam)
    [said] = full["items"]
    assert before > said.pop("since")
    assert said == {"item": plan, "kind": "plan-for-carers", "rule": "shared", "title": None}
    assert (full["opens"], full["cursor"]) == (True, None)


async def test_what_somebody_was_in_fact_shown_is_what_the_disclosures_say(served: Served) -> None:
    story = served.story
    amina, lind, sam = [await served.sign_in(by) for by in (story.amina, story.lind, story.sam)]
    note, plan = await story.note("Slept."), await story.note("Walk.", kind="plan-for-carers")
    await story.share({"kind": "item", "of": plan})
    query = {"person": story.lind.person, "acting_as": "clinician", "seen": True}
    early = now(served)
    assert await items(amina, served, at=early, **query) == []
    await lind.get(f"{served.record}/items/{note}")
    await lind.get(f"{served.record}/items/{note}")
    await sam.get(served.record)
    await asked(amina, f"{served.record}/preview", carer=story.sam.person)
    told = await asked(amina, f"{served.record}/as-of", at=now(served), **query)
    [one] = told["items"]
    assert (one["item"], one["rule"], one["times"]) == (note, "direct-care", 2)
    assert one["first_at"] <= one["last_at"]
    assert await items(amina, served, at=early, **query) == []
    of_sam = {"person": story.sam.person, "acting_as": "carer", "seen": True, "at": now(served)}
    [one] = (await asked(amina, f"{served.record}/as-of", **of_sam))["items"]
    assert (one["item"], one["times"]) == (plan, 1)  # a preview was shown to the patient, and not to him


async def test_what_the_patient_may_not_see_changes_nothing_in_what_they_are_told(served: Served) -> None:
    story = served.story
    amina, lind, moss = [await served.sign_in(by) for by in (story.amina, story.lind, story.moss)]
    await story.note("Slept.")
    await lind.get(served.record)
    looking = [
        {"person": person, "acting_as": "clinician", "seen": seen, "limit": 1}
        for person in (story.lind.person, story.moss.person)
        for seen in (False, True)
    ]

    async def told() -> list[Any]:
        of = [await asked(amina, f"{served.record}/as-of", at=now(served), **query) for query in looking]
        return [{**one, "at": "", "cursor": one["cursor"] is not None} for one in of]

    before = await told()
    working = await story.note("Between us.", kind="working-note", by=story.lind)
    flag = await story.note("A flag.", kind="flag")
    await lind.get(f"{served.record}/items/{working}")
    await lind.get(f"{served.record}/items/{flag}")
    assert (await moss.get(served.record)).status_code == 403
    assert await told() == before


async def test_pages_of_it_go_on_where_they_ended(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    notes = [await story.note(f"Note {n}.") for n in range(3)]
    query = {"person": story.lind.person, "acting_as": "clinician", "at": now(served), "limit": 2}
    first = await asked(amina, f"{served.record}/as-of", **query)
    second = await asked(amina, f"{served.record}/as-of", cursor=first["cursor"], **query)
    assert [one["item"] for one in first["items"] + second["items"]] == notes
    problem(
        await amina.get(f"{served.record}/as-of", **{**query, "at": now(served), "cursor": first["cursor"]}),
        400,
        "cursor",
    )


async def test_an_auditor_looks_back_within_the_case_and_a_guardian_at_what_is_theirs(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    ruth, greta, sam, lind = [await served.sign_in(by) for by in (story.ruth, story.greta, story.sam, story.lind)]
    note = await story.note("Slept.")
    query = {"person": story.lind.person, "acting_as": "clinician", "at": now(served)}
    case = await ledger.cases.assign(
        story.ada,
        story.ruth.person,
        "A complaint.",
        record=story.record,
        period=(later(served, -HOUR), later(served, HOUR)),
    )
    within = {**query, "case": case.facts["case"]}
    assert await items(ruth, served, **within) == [note]
    outside = {**within, "at": "2020-01-01T00:00:00.000Z"}
    assert problem(await ruth.get(f"{served.record}/as-of", **outside), 403, "not-allowed")["rule"] == "outside-case"
    of_moss = await ledger.cases.assign(story.ada, story.ruth.person, "Moss.", person=story.moss.person)
    other = {**query, "case": of_moss.facts["case"]}
    assert problem(await ruth.get(f"{served.record}/as-of", **other), 403, "not-allowed")["rule"] == "outside-case"
    problem(await ruth.get(f"{served.record}/as-of", **query), 404, "unknown")
    problem(await greta.get(f"{served.record}/as-of", purpose="audit", **query), 404, "unknown")
    kept = await story.note("About her sister.")
    await ledger.items.withhold(
        story.okafor, story.record, kept, kept_from="carers", ground="third-party", opinion=date(2026, 1, 1),
        review=date(2027, 1, 1), reason="Her sister asked.",
    )  # fmt: skip
    assert await items(greta, served, **{**query, "at": now(served), "purpose": "audit"}) == [kept]
    answers = [await sam.get(f"/records/{one}/as-of", **query) for one in (story.record, UNKNOWN)]
    problem(answers[0], 404, "unknown")
    assert answers[0].text.replace(story.record, UNKNOWN) == answers[1].text
    assert problem(await lind.get(f"{served.record}/as-of", **query), 403, "not-allowed")["rule"] == "no-trail"
    problem(await ruth.get(f"{served.record}/as-of", **{**within, "acting_as": "guardian"}), 422, "malformed")
    problem(await ruth.get(f"{served.record}/as-of", **{**within, "at": "yesterday"}), 422, "malformed")
