"""Preview as: the patient sees a carer's view by the carer's own code, and what of it stays hidden, and why."""

from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from ledger.saying import By
from tests.http.living import asked, neighbour
from tests.http.served import Served, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNKNOWN = "7c3e0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"
MOMENTARY = ("disclosure", "opened_at")


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


def lasting(told: dict[str, Any]) -> dict[str, Any]:
    """A view without what differs between any two readings."""
    return {name: value for name, value in told.items() if name not in MOMENTARY}


async def test_the_preview_is_what_the_carer_sees_and_is_recorded_as_a_preview(served: Served) -> None:
    story = served.story
    amina, sam = await served.sign_in(story.amina), await served.sign_in(story.sam)
    await story.note("Hidden.")
    plan = await story.note("Walk.", kind="plan-for-carers", title="Plan")
    await story.share({"kind": "kind", "of": "plan-for-carers"})
    await story.ledger.items.comment(story.amina, story.record, plan, "Between the team and me.")
    start = await served.size()
    seen_by_sam = await asked(sam, served.record)
    previewed = await asked(amina, f"{served.record}/preview", carer=story.sam.person)
    assert lasting(previewed) == lasting(seen_by_sam)
    assert [item["text"] for item in previewed["items"]] == ["Walk."]
    assert await served.said(start) == ["disclosure-made/1"] * 2
    [said] = await story.ledger.read(start + 1, 1)
    assert [said.facts[name] for name in ("viewer", "acting_as", "via")] == [story.sam.person, "carer", "preview"]


async def test_a_preview_is_paged_as_the_carers_view_is(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    await story.share({"kind": "kind", "of": "plan"})
    for n in range(3):
        await story.note(f"Plan {n}.", kind="plan")
        await story.note(f"Hidden {n}.")
    path, query = f"{served.record}/preview", {"carer": story.sam.person, "limit": 2}
    first = await asked(amina, path, **query)
    second = await asked(amina, path, cursor=first["cursor"], **query)
    assert [item["text"] for item in first["items"] + second["items"]] == ["Plan 2.", "Plan 1.", "Plan 0."]
    problem(await amina.get(f"{path}/outline", cursor=first["cursor"], **query), 400, "cursor")


async def test_the_outline_says_of_each_item_whether_it_is_shown_and_by_which_directive(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    note, plan = await story.note("Slept.", title="A night"), await story.note("Walk.", kind="plan-for-carers")
    private = await story.note("Tests.", topics=("sexual-health",))
    kept = await story.note("About her sister.")
    await story.ledger.items.withhold(
        story.okafor, story.record, kept, kept_from="carers", ground="safeguarding", opinion=date(2026, 1, 1),
        review=date(2027, 1, 1), reason="x",
    )  # fmt: skip
    working = await story.note("Between us.", kind="working-note")
    share = await story.share({"kind": "kind", "of": "plan-for-carers"})
    start = await served.size()
    told = await asked(amina, f"{served.record}/preview/outline", carer=story.sam.person)
    rows = {row["id"]: row for row in told["items"]}
    assert rows.keys() == {note, plan, private, kept}
    assert (rows[plan].pop("author")["name"], rows[plan].pop("made_at") > "2026") == ("Dr Okafor", True)
    assert rows[plan] == {
        "id": plan, "parent": None, "kind": "plan-for-carers", "title": None, "shown": True, "rule": "shared",
        "because": "You share this with them.", "directives": [share],
    }  # fmt: skip
    assert (rows[note]["title"], rows[note]["shown"], rows[note]["rule"]) == ("A night", False, "no-consent")
    assert (rows[private]["rule"], rows[private]["directives"]) == ("topic-not-shared", [])
    assert (rows[kept]["rule"], rows[kept]["because"]) == ("withheld", "A professional keeps this from them.")
    assert "safeguarding" not in str(told)
    assert working not in str(told)
    [said] = await story.ledger.read(start, 1)
    assert [said.facts[name] for name in ("viewer", "acting_as", "via")] == [story.amina.person, "patient", "preview"]


async def test_the_outline_says_what_a_comment_is_on_and_whose_it_is(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    note = await story.note("Slept.", title="A night")
    comment = (await story.ledger.items.comment(story.amina, story.record, note, "I did not.")).facts["item"]
    told = await asked(amina, f"{served.record}/preview/outline", carer=story.sam.person)
    [row] = [row for row in told["items"] if row["id"] == comment]
    assert (row["parent"], row["author"]["id"]) == (note, story.amina.person)


async def test_what_is_hidden_from_the_patient_changes_nothing_in_preview_or_outline(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    await story.note("Walk.", kind="plan-for-carers")
    await story.share({"kind": "everything"})
    paths = [f"{served.record}/preview", f"{served.record}/preview/outline"]
    query: dict[str, Any] = {"carer": story.sam.person, "limit": 1}
    before = [lasting(await asked(amina, path, **query)) for path in paths]
    await story.note("Between us.", kind="working-note")
    await story.note("A flag.", kind="flag")
    await story.note("He hits her.", topics=("domestic-abuse",))
    assert [lasting(await asked(amina, path, **query)) for path in paths] == before


async def test_only_the_patient_may_preview_and_to_others_there_is_no_such_record(served: Served) -> None:
    story = served.story
    other = await neighbour(served)
    asking = [story.sam, story.okafor, story.greta, other.story.amina]
    for by in asking:
        client = await served.sign_in(by)
        for path in ("preview", "preview/outline"):
            of = {"carer": story.sam.person, "purpose": "own-record"}
            answers = [await client.get(f"/records/{one}/{path}", **of) for one in (story.record, UNKNOWN)]
            problem(answers[0], 404, "unknown")
            assert answers[0].text.replace(story.record, UNKNOWN) == answers[1].text
    amina = await served.sign_in(story.amina)
    stranger = await amina.get(f"{served.record}/preview", carer=story.moss.person)
    assert "name them as your carer" in problem(stranger, 404, "unknown")["detail"]
    problem(
        await amina.get(f"{served.record}/preview", carer=story.sam.person, acting_as="clinician"), 422, "malformed"
    )
    as_attorney = await amina.get(f"{served.record}/preview", carer=story.sam.person, acting_as="attorney")
    problem(as_attorney, 404, "unknown")
    await story.ledger.representation.record_death(story.okafor, story.record, date(2026, 5, 3))
    problem(await amina.get(f"{served.record}/preview", carer=story.sam.person), 404, "unknown")


async def test_a_carer_hears_nothing_of_being_previewed(served: Served) -> None:
    story = served.story
    amina, sam = await served.sign_in(story.amina), await served.sign_in(By(story.sam.person, "carer"))
    before = lasting(await asked(sam, served.record))
    await asked(amina, f"{served.record}/preview", carer=story.sam.person)
    assert lasting(await asked(sam, served.record)) == before


async def test_of_one_item_the_patient_reads_who_sees_it_and_why(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    letter = await story.note("From the clinic.", kind="letter", title="Letter", topics=("genetic",))
    path = f"{served.record}/items/{letter}/preview"
    told = await asked(amina, path)
    assert told["item"] == {"id": letter, "kind": "letter", "title": "Letter", "topics": ["genetic"]}
    [sam] = told["carers"]
    assert (sam["person"], sam["shown"], sam["rule"], sam["directives"]) == (
        story.sam.person, False, "topic-not-shared", [],
    )  # fmt: skip
    directive = await story.share({"kind": "item", "of": letter})
    [sam] = (await asked(amina, path))["carers"]
    assert (sam["shown"], sam["because"], sam["directives"]) == (True, "You share this with them.", [directive])
    hidden = await story.note("At work.", kind="working-note")
    unseen = await amina.get(f"{served.record}/items/{hidden}/preview")
    unknown = await amina.get(f"{served.record}/items/{story.record}/preview")
    assert problem(unseen, 404, "unknown")["detail"].replace(hidden, "") == problem(unknown, 404, "unknown")[
        "detail"
    ].replace(story.record, "")
    for other in (story.sam, story.okafor):
        problem(await (await served.sign_in(other)).get(path), 404, "unknown")
