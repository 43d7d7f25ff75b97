"""The main story over HTTP: a note, an answer to it, a part that is shared and withdrawn, and who has looked."""

from datetime import UTC, datetime, timedelta

import httpx
import psycopg

from ledger.core.instants import DAY, HOUR, Instant, format_instant
from tests.http.served import Served, problem
from tests.soundness import assert_ledger_sound


def texts(view: httpx.Response) -> list[str]:
    """What the items of a view say."""
    assert view.status_code == 200, view.text
    return [item["text"] for item in view.json()["items"]]


async def test_a_note_is_answered_amended_shared_in_part_and_withdrawn(served: Served) -> None:
    okafor, amina, sam = [
        await served.sign_in(by) for by in (served.story.okafor, served.story.amina, served.story.sam)
    ]
    note = await okafor.say(f"{served.record}/items", kind="note", text="Inappropriate laughter.", title="Review")
    path = f"{served.record}/items/{note['ids']['item']}"
    await amina.say(f"{path}/comments", text="It was a joke.", quote="Inappropriate laughter")
    await okafor.say(f"{path}/amendments", text="Laughed at a joke.", reason="She told us.")
    await okafor.say(f"{served.record}/items", kind="plan-for-carers", text="Walk every day.")

    for reader in (okafor, amina):
        view = await reader.get(served.record)
        assert texts(view) == ["Walk every day.", "Inappropriate laughter."]
        [shown] = [item for item in view.json()["items"] if item["kind"] == "note"]
        assert [amendment["text"] for amendment in shown["amendments"]] == ["Laughed at a joke."]
        assert [(child["text"], child["quote"]) for child in shown["children"]] == [
            ("It was a joke.", "Inappropriate laughter")
        ]
    assert texts(await sam.get(served.record)) == []

    sam_id, plan = served.story.sam.person, {"kind": "kind", "of": "plan-for-carers"}
    shared = await amina.say(f"{served.record}/directives", grantee={"kind": "person", "id": sam_id}, scope=plan)
    assert texts(await sam.get(served.record)) == ["Walk every day."]
    await amina.say(f"{served.record}/directives/{shared['ids']['directive']}/withdrawal")
    assert texts(await sam.get(served.record)) == []
    assert_ledger_sound(served.story.database.dsn(), served.story.ledger.keyring)


async def test_nobody_is_shown_anything_that_cannot_be_recorded(served: Served) -> None:
    okafor = await served.sign_in(served.story.okafor)
    await served.story.note("Slept well.")
    with psycopg.connect(served.story.database.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("revoke insert on ledger.entry from ledger_app")
        answer = await okafor.get(served.record)
        assert "Slept" not in answer.text
        assert problem(answer, 503, "not-recorded")["detail"]
        assert answer.headers["retry-after"] == "1"
        problem(await okafor.post(f"{served.record}/items", kind="note", text="x"), 503, "not-recorded")
        superuser.execute("grant insert on ledger.entry to ledger_app")
    assert texts(await okafor.get(served.record)) == ["Slept well."]


async def test_people_teams_and_care_are_said_over_http(served: Served) -> None:
    ada, bert = await served.sign_in(served.story.ada), await served.sign_in(served.story.bert)
    person = (await ada.say("/people", name="Dr Nowak"))["ids"]["person"]
    await ada.say(f"/people/{person}/roles", role="clinician", until="2100-01-01T00:00:00.000Z")
    await ada.say(f"/people/{person}/roles", role="auditor")
    await bert.say(f"/people/{person}/roles/auditor/approval")
    await bert.say(f"/people/{person}/roles/auditor/end")
    team = (await ada.say("/teams", name="Crisis team", profile=None))["ids"]["team"]
    await ada.say(f"/teams/{team}/members", person=person)
    care = await ada.say(f"{served.record}/care", team=team, ground="referral")
    await ada.say(f"{served.record}/care/{care['ids']['care']}/end")
    await ada.say(f"/teams/{team}/members/{person}/end")
    await served.story.assert_sound()


async def test_disputes_withholding_and_holds_are_said_over_http(served: Served) -> None:
    story = served.story
    okafor, lind, amina = [await served.sign_in(by) for by in (story.okafor, story.lind, story.amina)]
    note = f"{served.record}/items/{await story.note('Two of us heard it.')}"
    dispute = (await amina.say(f"{note}/disputes", text="Nobody did.", quote="heard"))["ids"]["item"]
    await okafor.say(f"{served.record}/items/{dispute}/answer", outcome="declined", reason="We did.")
    await lind.say(f"{served.record}/items/{dispute}/second-review", outcome="upheld", reason="It is on tape.")
    await amina.say(f"{note}/agreement", agreement="disagree", text="No.")
    await okafor.say(f"{served.record}/items/{dispute}/replies", text="Let us talk.")
    await okafor.say(f"{note}/topics", topics=["mental-health"])
    today = datetime.now(UTC).date()
    terms = {"from": "patient", "ground": "serious-harm", "opinion_date": str(today), "reason": "For now."}
    kept = await okafor.say(f"{note}/withholdings", **terms, review_date=str(today + timedelta(days=30)))
    problem(await amina.get(note), 404, "unknown")
    await okafor.say(f"{note}/withholdings/{kept['ids']['withholding']}/end", reason="No longer.")
    assert (await amina.get(note)).status_code == 200
    await okafor.say(f"{note}/in-error", reason="Another patient's.", wrong_record=True)
    problem(await amina.get(note), 404, "unknown")

    result = f"{served.record}/items/{await story.note('HbA1c 48.', kind='result')}"
    week = format_instant(Instant(story.ledger.clock() + 7 * DAY))
    await okafor.say(f"{result}/hold", until=week, reason="On Friday, in person.")
    problem(await amina.get(result), 404, "unknown")
    await okafor.say(f"{result}/release")
    await amina.say(f"{served.record}/results-wish", wish="tell-me-first")
    await story.assert_sound()


async def test_wishes_sessions_suspensions_and_emergencies_are_said_over_http(served: Served) -> None:
    story = served.story
    amina, moss = await served.sign_in(story.amina), await served.sign_in(story.moss)
    result = await story.note("HbA1c 48.", kind="result")
    wish = (await amina.say(f"{served.record}/wishes", text="Ring my sister first."))["ids"]["item"]
    await amina.say(f"{served.record}/wishes/{wish}/signature")
    await amina.say(f"{served.record}/wishes/{wish}/review", outcome="confirmed")
    await amina.say(f"{served.record}/wishes/{wish}/withdrawal", text="She moved.")

    sam = story.sam.person
    soon = format_instant(Instant(story.ledger.clock() + HOUR))
    session = await amina.say(f"{served.record}/together", carer=sam, until=soon)
    await amina.say(f"{served.record}/together/{session['ids']['together']}/end")
    await amina.say(f"{served.record}/carers/{sam}/suspension")
    await amina.say(f"{served.record}/carers/{sam}/restoration")
    await amina.say(f"{served.record}/carers/{sam}/end")
    emergency = await moss.say(f"{served.record}/emergencies", kind="life-at-risk", reason="Unconscious.", until=soon)
    path = f"{served.record}/emergencies/{emergency['ids']['emergency']}/items"
    await moss.say(path, item=result)
    await story.assert_sound()
