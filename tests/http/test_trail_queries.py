"""The trail as it is asked: who looked, at what, why, in which team and when; and one line of it in full."""

import asyncio
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from ledger.core.instants import HOUR, Instant, format_instant
from ledger.use_cases.sharing import Directing
from tests.http.living import asked, later, neighbour, now
from tests.http.served import Client, Served, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNKNOWN = "7c3e0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


def who(told: dict[str, Any]) -> list[str]:
    """Who looked, oldest first."""
    return [line["viewer"]["id"] for line in reversed(told["lines"])]


async def test_the_patient_asks_by_person_team_item_rule_purpose_way_and_time(served: Served) -> None:
    story = served.story
    amina, lind, okafor, sam, moss = [
        await served.sign_in(by) for by in (story.amina, story.lind, story.okafor, story.sam, story.moss)
    ]
    note, plan = await story.note("Slept well."), await story.note("Walk.", kind="plan-for-carers")
    await story.share({"kind": "item", "of": plan})
    began = now(served)
    await lind.get(served.record)
    await okafor.get(f"{served.record}/items/{note}", purpose="task", via="print")
    await sam.get(served.record)
    problem(await moss.get(served.record), 403, "not-allowed")
    ended = now(served)

    d_lind, d_okafor, d_sam, d_moss = story.lind.person, story.okafor.person, story.sam.person, story.moss.person
    for query, wanted in (
        ({"viewer": d_lind}, [d_lind]),
        ({"team": story.practice}, [d_lind, d_okafor]),
        ({"team": UNKNOWN}, []),
        ({"item": note}, [d_lind, d_okafor]),
        ({"item": plan}, [d_lind, d_sam]),
        ({"item": UNKNOWN}, []),
        ({"rule": "shared"}, [d_sam]),
        ({"rule": "no-relationship"}, []),  # a patient is not told by which rule somebody was refused
        ({"for_purpose": "task"}, [d_okafor]),
        ({"via": "print"}, [d_okafor]),
        ({"refused": True}, [d_moss]),
        ({"refused": False}, [d_lind, d_okafor, d_sam]),
        ({"emergency": True}, []),
        ({"item": plan, "viewer": d_sam}, [d_sam]),
    ):
        told = await asked(amina, f"{served.record}/trail", since=began, until=ended, **query)
        assert who(told) == wanted, query
    assert who(await asked(amina, f"{served.record}/trail", until=began, viewer=d_lind)) == []
    problem(await amina.get(f"{served.record}/trail", since="yesterday"), 422, "malformed")
    problem(await amina.get(f"{served.record}/trail", colour="blue"), 422, "malformed")


async def test_who_was_in_a_team_then_is_found_by_it_and_who_joined_later_is_not(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, moss = await served.sign_in(story.amina), await served.sign_in(story.moss)
    await story.note("Slept well.")
    team = str((await ledger.people.form_team(story.ada, "Night team")).facts["team"])
    await ledger.care.start(story.ada, story.record, ground="referral", person=story.moss.person)
    await moss.get(served.record)
    await ledger.people.join_team(story.ada, team, story.moss.person)
    await moss.get(served.record)
    await ledger.people.leave_team(story.ada, team, story.moss.person)
    await moss.get(served.record)
    assert len((await asked(amina, f"{served.record}/trail", viewer=story.moss.person))["lines"]) == 3
    told = await asked(amina, f"{served.record}/trail", team=team)
    assert who(told) == [story.moss.person]


async def test_no_question_finds_a_line_by_what_is_hidden_of_it(served: Served) -> None:
    story = served.story
    amina, lind = await served.sign_in(story.amina), await served.sign_in(story.lind)
    note = await story.note("Slept well.")
    await lind.get(served.record)
    questions: list[dict[str, Any]] = [
        {}, {"team": story.practice}, {"item": note}, {"rule": "direct-care"}, {"refused": False},
        {"emergency": False}, {"limit": 1},
    ]  # fmt: skip

    async def answers() -> list[dict[str, Any]]:
        of = [await asked(amina, f"{served.record}/trail", viewer=story.lind.person, **query) for query in questions]
        return [{**told, "cursor": told["cursor"] is not None} for told in of]

    before = await answers()
    working = await story.note("Between us.", kind="working-note")
    await lind.get(f"{served.record}/items/{working}")
    assert await answers() == before
    for question in ({"item": working}, {"rule": "working"}):
        assert (await asked(amina, f"{served.record}/trail", **question))["lines"] == []
    hidden, unknown = [await amina.get(f"{served.record}/items/{one}/seen-by") for one in (working, UNKNOWN)]
    problem(hidden, 404, "unknown")
    assert hidden.text.replace(working, UNKNOWN) == unknown.text


async def test_a_patient_leaves_out_their_own_looks_previews_among_them(served: Served) -> None:
    story = served.story
    amina, lind = await served.sign_in(story.amina), await served.sign_in(story.lind)
    note = await story.note("Slept well.")
    await lind.get(f"{served.record}/items/{note}")
    await amina.get(f"{served.record}/items/{note}")
    await asked(amina, f"{served.record}/preview", carer=story.sam.person)
    told = await asked(amina, f"{served.record}/trail", not_by=story.amina.person)
    assert told["lines"][0]["viewer"]["id"] == story.lind.person
    assert story.amina.person not in {line["viewer"]["id"] for line in told["lines"]}


async def test_who_has_ever_seen_an_item(served: Served) -> None:
    story = served.story
    amina, lind, sam, greta = [await served.sign_in(by) for by in (story.amina, story.lind, story.sam, story.greta)]
    note, other = await story.note("Slept well."), await story.note("Ate well.")
    await lind.get(served.record)
    await lind.get(f"{served.record}/items/{other}")
    told = await asked(amina, f"{served.record}/items/{note}/seen-by")
    own, line = told["lines"]
    assert (own["via"], own["viewer"]["id"]) == ("trail", story.amina.person)
    assert (line["viewer"]["name"], line["shown"]) == ("Dr Lind", [{"rule": "direct-care", "items": [note]}])
    problem(await sam.get(f"{served.record}/items/{note}/seen-by"), 404, "unknown")
    problem(await lind.get(f"{served.record}/items/{note}/seen-by"), 403, "not-allowed")
    problem(await greta.get(f"{served.record}/items/{note}/seen-by", purpose="audit"), 404, "unknown")
    await story.ledger.items.withhold(
        story.okafor, story.record, note, kept_from="carers", ground="third-party", opinion=date(2026, 1, 1),
        review=date(2027, 1, 1), reason="About her sister.",
    )  # fmt: skip
    watched = await asked(greta, f"{served.record}/items/{note}/seen-by", purpose="audit")
    assert story.lind.person in who(watched)
    assert all(line["viewer"]["name"] is None for line in watched["lines"])


async def test_a_preview_is_told_as_the_patients_own_look(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    plan = await story.note("Walk.", kind="plan-for-carers")
    await story.share({"kind": "item", "of": plan})
    await asked(amina, f"{served.record}/preview", carer=story.sam.person)
    [line] = (await asked(amina, f"{served.record}/trail", via="preview"))["lines"]
    assert (line["viewer"]["id"], line["acting_as"]) == (story.amina.person, "patient")
    assert line["preview_of"] == {"id": story.sam.person, "name": "Sam Diallo", "acting_as": "carer"}
    assert (await asked(amina, f"{served.record}/trail", viewer=story.sam.person))["lines"] == []
    assert line["id"] in str(await asked(amina, f"{served.record}/trail", viewer=story.amina.person))


async def a_line(client: Client, served: Served, **query: Any) -> dict[str, Any]:
    """The newest such line."""
    told = await asked(client, f"{served.record}/trail", **query)
    line: dict[str, Any] = told["lines"][0]
    return line


async def test_a_line_in_full_says_what_each_item_rests_on_and_what_was_withheld(served: Served) -> None:
    story = served.story
    amina, lind, moss = [await served.sign_in(by) for by in (story.amina, story.lind, story.moss)]
    note, sealed = await story.note("Slept well."), await story.note("Tests.", topics=("sexual-health",))
    to = {"kind": "team", "id": story.practice}
    await story.ledger.sharing.direct(
        story.amina, story.record, Directing(to, {"kind": "topic", "of": "sexual-health"}, "withhold")
    )
    working = await story.note("Between us.", kind="working-note", by=story.okafor)
    await lind.get(served.record)
    line = await a_line(amina, served, viewer=story.lind.person)
    told = await asked(amina, f"{served.record}/trail/{line['id']}")
    assert told["line"] == line
    [shown] = told["shown"]
    assert [shown[member] for member in ("item", "rule", "because")] == [
        note,
        "direct-care",
        "They are caring for you.",
    ]
    assert {one["type"] for one in shown["evidence"]} == {"role-granted/1", "care-started/1", "team-joined/1"}
    assert not any("position" in one for one in shown["evidence"])
    [kept] = told["withheld"]
    assert (kept["item"], kept["rule"], kept["because"]) == (sealed, "sealed-by-patient", "You closed this to them.")
    assert working not in str(told)

    await moss.get(served.record)
    refused = await a_line(amina, served, viewer=story.moss.person)
    of_refused = await asked(amina, f"{served.record}/trail/{refused['id']}")
    assert (of_refused["shown"], of_refused["withheld"]) == ([], [])
    await lind.get(f"{served.record}/items/{working}")
    hidden = await story.ledger.rows.size() - 1
    [said] = await story.ledger.read(hidden, 1)
    answers = [await amina.get(f"{served.record}/trail/{one}") for one in (said.facts["disclosure"], UNKNOWN)]
    problem(answers[0], 404, "unknown")
    assert answers[0].text.replace(said.facts["disclosure"], UNKNOWN) == answers[1].text


async def test_what_a_carer_was_not_shown_is_paged_and_says_nothing_of_what_a_professional_kept(served: Served) -> None:
    story = served.story
    amina, sam = await served.sign_in(story.amina), await served.sign_in(story.sam)
    notes = [await story.note(f"Note {n}.") for n in range(3)]
    working, kept = await story.note("Between us.", kind="working-note"), await story.note("About her sister.")
    await story.ledger.items.withhold(
        story.okafor, story.record, kept, kept_from="carers", ground="safeguarding", opinion=date(2026, 1, 1),
        review=date(2027, 1, 1), reason="She asked.",
    )  # fmt: skip
    await sam.get(served.record)
    line = await a_line(amina, served, viewer=story.sam.person)
    first = await asked(amina, f"{served.record}/trail/{line['id']}", limit=2)
    second = await asked(amina, f"{served.record}/trail/{line['id']}", limit=2, cursor=first["cursor"])
    assert [one["item"] for one in first["withheld"] + second["withheld"]] == notes
    assert {one["rule"] for one in first["withheld"]} == {"no-consent"}
    assert second["cursor"] is None
    assert not {working, kept} & {one["item"] for one in first["withheld"] + second["withheld"]}


async def test_while_a_guardian_delays_the_notice_the_patient_finds_no_line_of_the_emergency(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, moss, greta = [await served.sign_in(by) for by in (story.amina, story.moss, story.greta)]
    allergy = await story.note("Penicillin.", kind="allergy")
    begun = await ledger.sharing.open_emergency(
        story.moss, story.record, "life-at-risk", "Unconscious.", later(served, HOUR)
    )
    emergency = str(begun.facts["emergency"])
    await ledger.sharing.delay_notice(story.greta, story.record, emergency, later(served, HOUR), "Not safe at home.")
    instant = {"person": story.moss.person, "acting_as": "clinician", "at": format_instant(later(served, HOUR // 2))}

    async def told() -> list[Any]:
        of_moss = {"viewer": story.moss.person}
        return [
            (await asked(amina, f"{served.record}/trail", **of_moss))["lines"],
            (await asked(amina, f"{served.record}/trail", viewer=story.greta.person))["lines"],
            (await asked(amina, f"{served.record}/trail", emergency=True))["lines"],
            (await asked(amina, f"{served.record}/items/{allergy}/seen-by", **of_moss))["lines"],
            (await asked(amina, f"{served.record}/as-of", **instant))["items"],
            (await asked(amina, f"{served.record}/as-of", **instant))["opens"],
            (await asked(amina, f"{served.record}/as-of", seen=True, **instant))["items"],
            (await asked(amina, f"{served.record}/as-of", seen=True, **instant))["opens"],
            (await asked(amina, f"{served.record}/matters"))["matters"],
        ]

    await moss.get(served.record, purpose="emergency")
    await asked(greta, f"{served.record}/trail", purpose="audit")
    assert await told() == [[], [], [], [], [], False, [], False, []]
    [line] = (await asked(greta, f"{served.record}/trail", purpose="audit", viewer=story.moss.person))["lines"]
    problem(await amina.get(f"{served.record}/trail/{line['id']}"), 404, "unknown")
    await ledger.sharing.delay_notice(story.greta, story.record, emergency, later(served, 1000), "She is safe now.")
    await asyncio.sleep(1.1)
    open_now = await told()
    assert [bool(one) for one in open_now] == [True, True, True, True, True, True, True, True, True]
    assert (await asked(amina, f"{served.record}/trail/{line['id']}"))["line"]["id"] == line["id"]


async def test_that_a_guardian_looks_tells_the_patient_of_no_secret(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    amina, greta, moss = [await served.sign_in(by) for by in (story.amina, story.greta, story.moss)]
    kept = await story.note("He watches her.")
    of_greta = {"viewer": story.greta.person}
    await ledger.items.withhold(
        story.okafor, story.record, kept, kept_from="patient", ground="safeguarding", opinion=date(2026, 1, 1),
        review=date(2027, 1, 1), reason="She is not safe.",
    )  # fmt: skip
    await asked(greta, f"{served.record}/trail", purpose="audit")
    await asked(greta, served.record, purpose="audit")
    assert (await asked(amina, f"{served.record}/trail", **of_greta))["lines"] == []
    await ledger.sharing.open_emergency(story.moss, story.record, "life-at-risk", "Unconscious.", later(served, HOUR))
    await asked(greta, f"{served.record}/matters", purpose="audit")
    await asked(greta, f"{served.record}/trail", purpose="audit", viewer=story.lind.person)
    told = await asked(amina, f"{served.record}/trail", **of_greta)
    assert [line["via"] for line in told["lines"]] == ["trail", "screen"]
    assert moss.by.person not in str(told["lines"][0])


async def test_an_auditor_reads_over_records_within_a_case_and_a_guardian_every_emergency(served: Served) -> None:
    story, ledger = served.story, served.story.ledger
    other = await neighbour(served)
    lind, ruth, greta, moss, sam = [
        await served.sign_in(by) for by in (story.lind, story.ruth, story.greta, story.moss, story.sam)
    ]
    for one in (served, other):
        await one.story.note("By Lind.", by=story.lind)
        await one.story.note("By Okafor.")
        await lind.get(one.record)
    records = {story.record, other.story.record}
    since, before = Instant(ledger.clock() - HOUR), Instant(ledger.clock() + HOUR)
    case = await ledger.cases.assign(
        story.ada, story.ruth.person, "Looks at neighbours.", person=story.lind.person, period=(since, before)
    )
    told = await asked(ruth, "/trail", case=case.facts["case"])
    assert {line["record"] for line in told["lines"]} >= records
    assert set(who(told)) == {story.lind.person}
    assert all(line["viewer"]["name"] is None for line in told["lines"])
    [mine] = [line for line in told["lines"] if line["record"] == story.record]
    full = await asked(ruth, f"{served.record}/trail/{mine['id']}", case=case.facts["case"])
    assert [one["rule"] for one in full["shown"]] == ["own-words"]  # of her other look no item lies in the case
    assert all("position" in fact for one in full["shown"] for fact in one["evidence"])
    earlier = await ledger.cases.assign(
        story.ada, story.ruth.person, "Last year.", person=story.lind.person, period=(Instant(0), Instant(1))
    )
    assert (await asked(ruth, "/trail", case=earlier.facts["case"]))["lines"] == []
    assert problem(await ruth.get("/trail"), 403, "not-allowed")["rule"] == "no-case"
    for client, purpose in ((sam, "shared-with-me"), (lind, "appointment")):
        assert problem(await client.get("/trail", purpose=purpose), 403, "not-allowed")["rule"] == "no-trail"

    until = later(served, HOUR)
    begun = await ledger.sharing.open_emergency(story.moss, story.record, "life-at-risk", "Unconscious.", until)
    assert begun.position
    await other.story.note("Aspirin.", kind="allergy")
    await story.note("Aspirin.", kind="allergy")
    await moss.get(served.record, purpose="emergency")
    watched = await asked(greta, "/trail", purpose="audit")
    assert [line["record"] for line in watched["lines"] if line["record"] in records] == [story.record]
    assert all("emergency" in str(line) for line in watched["lines"])


async def test_a_cursor_of_the_trail_continues_the_question_that_it_was_given_for_and_no_other(served: Served) -> None:
    story = served.story
    amina, lind = await served.sign_in(story.amina), await served.sign_in(story.lind)
    await story.note("Slept well.")
    for _ in range(3):
        await lind.get(served.record)
    query: dict[str, Any] = {"limit": 2, "viewer": story.lind.person}
    first = await asked(amina, f"{served.record}/trail", **query)
    rest = await asked(amina, f"{served.record}/trail", cursor=first["cursor"], **query)
    assert (len(first["lines"]), len(rest["lines"]), rest["cursor"]) == (2, 1, None)
    problem(await amina.get(f"{served.record}/trail", cursor=first["cursor"], limit=2), 400, "cursor")
