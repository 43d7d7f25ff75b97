"""The trail over HTTP: who may read it, and of what it tells."""

from typing import Any

from ledger.core.instants import HOUR, Instant, format_instant
from ledger.saying import By
from tests.http.served import Client, Served, problem
from tests.http.test_statements import CASE, assign_case


async def lines(client: Client, served: Served, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get(f"{served.record}/trail", **query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["lines"]
    return found


async def test_the_patient_reads_who_looked_at_what_and_that_she_read_it_is_there_too(served: Served) -> None:
    story = served.story
    amina, lind, sam = [await served.sign_in(by) for by in (story.amina, story.lind, story.sam)]
    note = await story.note("Slept well.")
    await lind.get(served.record)
    await sam.get(served.record)
    own, carer, clinician = (await lines(amina, served))[:3]
    assert (own["viewer"]["name"], own["via"], own["acting_as"]) == ("Amina Diallo", "trail", "patient")
    assert (carer["viewer"]["name"], carer["purpose"], carer["shown"]) == ("Sam Diallo", "shared-with-me", [])
    assert (clinician["viewer"], clinician["purpose"]) == (
        {"id": story.lind.person, "name": "Dr Lind"}, "appointment",
    )  # fmt: skip
    assert clinician["shown"] == [{"rule": "direct-care", "items": [note]}]
    assert [(one["id"], one["kind"]) for one in clinician["items"]] == [(note, "note")]
    assert not {"rule", "attempted", "position", "case"} & clinician.keys()


async def test_a_line_is_visible_only_where_its_item_is(served: Served) -> None:
    story = served.story
    amina, lind = await served.sign_in(story.amina), await served.sign_in(story.lind)
    before = len(await lines(amina, served))
    working = await story.note("Between us.", kind="working-note")
    assert (await lind.get(f"{served.record}/items/{working}")).status_code == 200
    seen = await lines(amina, served)
    assert len(seen) == before + 1  # her own reading just before, and nothing of the doctor's
    assert working not in str(seen)
    note = await story.note("For all.")
    await lind.get(served.record)
    assert (await lines(amina, served))[1]["shown"] == [{"rule": "direct-care", "items": [note]}]


async def test_the_trail_is_not_for_carers_nor_for_clinicians(served: Served) -> None:
    sam, lind = await served.sign_in(served.story.sam), await served.sign_in(served.story.lind)
    problem(await sam.get(f"{served.record}/trail"), 404, "unknown")
    assert problem(await lind.get(f"{served.record}/trail"), 403, "not-allowed")["rule"] == "no-trail"


async def test_an_auditor_reads_it_within_a_case_without_words_or_names(served: Served) -> None:
    story = served.story
    ruth, lind = await served.sign_in(story.ruth), await served.sign_in(story.lind)
    note = await story.note("Slept well.")
    await lind.get(served.record)
    problem(await ruth.get(f"{served.record}/trail"), 404, "unknown")
    await assign_case(served)
    seen = await lines(ruth, served, case=CASE)
    [line] = [one for one in seen if one["viewer"]["id"] == story.lind.person]
    assert (line["viewer"]["name"], line["shown"]) == (None, [{"rule": "direct-care", "items": [note]}])
    assert "items" not in line
    refused = [one for one in seen if one["rule"] == "no-case"]
    assert [one["viewer"]["id"] for one in refused] == [story.ruth.person]
    problem(await ruth.get(served.record), 404, "unknown")


async def test_the_patient_sees_an_emergency_and_the_guardian_reviews_it(served: Served) -> None:
    story = served.story
    amina, moss, greta = [await served.sign_in(by) for by in (story.amina, story.moss, story.greta)]
    await story.note("Penicillin.", kind="allergy")
    problem(await moss.get(served.record), 403, "not-allowed")
    until = served.story.ledger.clock() + HOUR
    opened = await moss.say(
        f"{served.record}/emergencies", kind="life-at-risk", reason="Unconscious.", until=format_instant(Instant(until))
    )
    view = await moss.get(served.record, purpose="emergency")
    assert [item["text"] for item in view.json()["items"]] == ["Penicillin."]
    told = (await lines(amina, served))[1]
    assert (told["viewer"]["name"], told["purpose"], told["shown"][0]["rule"]) == ("Dr Moss", "emergency", "emergency")
    refused = (await lines(amina, served))[3]
    assert (refused["viewer"]["name"], refused["refused"], refused["shown"]) == ("Dr Moss", True, [])

    watched = await lines(greta, served, purpose="audit")
    [emergency] = [line for line in watched if line["purpose"] == "emergency"]
    assert emergency["shown"] == [{"rule": "emergency", "items": []}]
    review = f"{served.record}/emergencies/{opened['ids']['emergency']}/review"
    await greta.say(review, outcome="justified", reason="He was unconscious.")


async def test_the_trail_is_paged(served: Served) -> None:
    story = served.story
    amina, lind = await served.sign_in(story.amina), await served.sign_in(story.lind)
    await story.note("Slept well.")
    for _ in range(5):
        await lind.get(served.record)
    first = (await amina.get(f"{served.record}/trail", limit=3)).json()
    second = (await amina.get(f"{served.record}/trail", limit=3, cursor=first["cursor"])).json()
    assert [line["acting_as"] for line in first["lines"]] == ["patient", "clinician", "clinician"]
    assert [line["acting_as"] for line in second["lines"]] == ["clinician"] * 3
    assert second["cursor"] is None
    other = By(story.ruth.person, "auditor")
    problem(await (await served.sign_in(other)).get(f"{served.record}/trail", cursor=first["cursor"]), 400, "cursor")


async def test_everybody_lists_the_records_that_are_theirs_to_open(served: Served) -> None:
    story = served.story
    for by in (story.amina, story.sam, story.okafor):
        client = await served.sign_in(by)
        listed = (await client.http.get("/records", headers=client.headers)).json()
        assert [(one["record"], one["patient"]) for one in listed["records"]] == [(story.record, story.amina.person)]
    moss, ruth = await served.sign_in(story.moss), await served.sign_in(story.ruth)
    assert (await moss.http.get("/records", headers=moss.headers)).json() == {"records": [], "cursor": None}
    problem(await ruth.http.get("/records", headers=ruth.headers), 403, "not-allowed")
    fresh = await (await served.sign_in(story.ada)).say("/records", patient=story.lind.person)
    ada = await served.sign_in(story.ada)
    await ada.say(f"/records/{fresh['ids']['record']}/care", person=story.okafor.person, ground="referral")
    okafor = await served.sign_in(story.okafor)
    page = (await okafor.http.get("/records", params={"limit": 1}, headers=okafor.headers)).json()
    assert [one["record"] for one in page["records"]] == [fresh["ids"]["record"]]
    query = {"limit": 1, "cursor": page["cursor"]}
    rest = (await okafor.http.get("/records", params=query, headers=okafor.headers)).json()
    assert ([one["record"] for one in rest["records"]], rest["cursor"]) == ([story.record], None)


async def test_a_name_on_a_list_is_disclosed_before_it_is_told_and_only_when_it_is_asked_for(served: Served) -> None:
    story = served.story
    for by, purpose in ((story.amina, None), (story.sam, None), (story.okafor, "task")):
        client = await served.sign_in(by)
        query = {} if purpose is None else {"purpose": purpose}
        before = await served.size()
        [plain] = (await client.http.get("/records", headers=client.headers)).json()["records"]
        assert (plain["name"], await served.said(before)) == (None, [])
        answer = await client.http.get("/records", params={**query, "named": "true"}, headers=client.headers)
        [named] = answer.json()["records"]
        assert named == {**plain, "name": "Amina Diallo"}
        assert await served.said(before) == ["disclosure-made/1"]
    okafor = await served.sign_in(story.okafor)
    problem(await okafor.http.get("/records", params={"named": "true"}, headers=okafor.headers), 422, "malformed")
    await story.settled()
    line = (await lines(await served.sign_in(story.amina), served))[1]
    assert (line["viewer"]["name"], line["purpose"], line["shown"]) == ("Dr Okafor", "task", [])


async def test_a_record_that_its_reader_may_not_open_is_listed_without_a_name_and_without_a_trace(
    served: Served,
) -> None:
    story = served.story
    ada, moss = await served.sign_in(story.ada), await served.sign_in(story.moss)
    record = (await ada.say("/records", patient=story.lind.person))["ids"]["record"]
    await ada.say(f"/records/{record}/care", person=story.moss.person, ground="registration")
    for purpose, name in (("appointment", "Dr Lind"), ("emergency", None)):
        before = await served.size()
        query = {"named": "true", "purpose": purpose}
        [shown] = (await moss.http.get("/records", params=query, headers=moss.headers)).json()["records"]
        assert (shown["record"], shown["name"]) == (record, name)
        assert await served.said(before) == ["disclosure-made/1"] * (name is not None)
