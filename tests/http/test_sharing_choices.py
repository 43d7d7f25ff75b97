"""What a patient says about sharing, over HTTP: presets, stop, freeze, the talk about carers, leave, and questions."""

from typing import Any

import pytest
import pytest_asyncio

from ledger.core import canonical
from ledger.core.instants import DAY, HOUR, format_instant
from ledger.core.public import Erased
from ledger.core.sealing import Opening
from ledger.saying import By
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from tests.http.living import asked, later, neighbour
from tests.http.served import Client, Served, problem, statement_id
from tests.http.test_statements import SALT, send, signed
from tests.projections.fhir_r4 import faults
from tests.story import assert_accounted

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


async def signed_in(served: Served, *who: str) -> list[Client]:
    return [await served.sign_in(getattr(served.story, one)) for one in who]


async def seen(client: Client, served: Served, **query: Any) -> set[str]:
    """The texts of the record's items that somebody sees."""
    return {item["text"] for item in (await asked(client, served.record, **query))["items"]}


def soon(served: Served, milliseconds: int = HOUR) -> str:
    return format_instant(later(served, milliseconds))


async def test_a_preset_is_shown_first_then_carried_out_and_a_second_time_says_nothing(served: Served) -> None:
    story = served.story
    amina, sam = await signed_in(served, "amina", "sam")
    for kind in ("note", "medicine", "plan-for-carers", "letter"):
        await story.note(f"A {kind}.", kind=kind)
    await story.share({"kind": "everything"})
    chosen: dict[str, Any] = {"preset": "medicines", "person": story.sam.person}
    plan = await asked(amina, f"{served.record}/presets", **chosen)
    assert [(one["does"], one["scope"]["kind"]) for one in plan["steps"]] == [
        ("withdraw", "everything"), ("share", "kind"),
    ]  # fmt: skip
    assert len(await seen(sam, served)) == 4
    done = await amina.post(f"{served.record}/presets", **chosen)
    assert [one["does"] for one in done.json()["said"]] == ["withdraw", "share"]
    assert all(one["receipt"]["entry"] for one in done.json()["said"])
    assert await seen(sam, served) == {"A medicine."}
    before = await served.size()
    assert (await amina.post(f"{served.record}/presets", **chosen)).json() == {"said": []}
    assert await served.size() == before
    await amina.post(f"{served.record}/presets", preset="plan", person=story.sam.person)
    assert await seen(sam, served) == {"A plan-for-carers."}
    ticked = {"preset": "everything-except", "person": story.sam.person, "except": [{"kind": "kind", "of": "letter"}]}
    plan = await asked(amina, f"{served.record}/presets", **{**ticked, "except": "kind:letter"})
    done = await amina.http.post(f"{served.record}/presets", json=ticked, headers=amina.headers)
    assert [one["scope"] for one in done.json()["said"]] == [one["scope"] for one in plan["steps"]]
    assert await seen(sam, served) == {"A note.", "A medicine.", "A plan-for-carers."}


async def test_a_preset_is_the_patients_and_for_carers_only(served: Served) -> None:
    amina, sam, okafor = await signed_in(served, "amina", "sam", "okafor")
    path = f"{served.record}/presets"
    chosen = {"preset": "plan", "person": served.story.sam.person}
    for client in (sam, okafor):
        assert problem(await client.post(path, **chosen), 403, "not-allowed")["rule"] == "not-the-patient"
        assert problem(await client.get(path, **chosen), 403, "not-allowed")["rule"] == "not-the-patient"
    stranger = {**chosen, "person": served.story.moss.person}
    assert problem(await amina.post(path, **stranger), 403, "not-allowed")["rule"] == "not-a-carer"
    parts = [{"kind": "item", "of": NOBODY}]
    ticked = {"preset": "everything-except", "person": served.story.sam.person, "except": parts}
    problem(await amina.http.post(path, json=ticked, headers=amina.headers), 404, "unknown")
    elsewhere = f"/records/{NOBODY}/presets"
    hidden, missing = await sam.post(path, **chosen), await sam.post(elsewhere, **chosen)
    assert hidden.content == missing.content


async def test_all_sharing_is_stopped_at_once_with_everybody(served: Served) -> None:
    story = served.story
    amina, sam = await signed_in(served, "amina", "sam")
    await story.note("The plan.", kind="plan-for-carers")
    await story.share({"kind": "kind", "of": "plan-for-carers"})
    to_all = Directing({"kind": "all-carers"}, {"kind": "everything"})
    await story.ledger.sharing.direct(story.amina, story.record, to_all)
    assert await seen(sam, served) == {"The plan."}
    await amina.say(f"{served.record}/sharing/stop")
    assert await seen(sam, served) == set()
    assert (await asked(amina, f"{served.record}/sharing"))["directives"] == []
    assert (await amina.post(f"{served.record}/presets", preset="stop")).json() == {"said": []}


async def test_a_freeze_keeps_what_was_seen_and_shows_nothing_new(served: Served) -> None:
    story = served.story
    amina, sam = await signed_in(served, "amina", "sam")
    await story.note("Before.", kind="plan-for-carers")
    await story.share({"kind": "everything"})
    path = f"{served.record}/carers/{story.sam.person}"
    await amina.say(f"{path}/freeze")
    await story.note("After.", kind="plan-for-carers")
    assert await seen(sam, served) == {"Before."}
    [carer] = (await asked(amina, f"{served.record}/sharing"))["carers"]
    sam_now = {"id": story.sam.person, "name": "Sam Diallo"}
    assert carer == {"person": sam_now, "relation": "son", "suspended": False, "frozen": True}
    await amina.say(f"{path}/unfreeze")
    assert await seen(sam, served) == {"Before.", "After."}
    assert problem(await amina.post(f"{path}/unfreeze"), 403, "not-allowed")["rule"] == "not-frozen"


async def test_the_patient_reads_what_she_shares_and_nobody_else_does(served: Served) -> None:
    story = served.story
    amina, sam, okafor, moss, ruth = await signed_in(served, "amina", "sam", "okafor", "moss", "ruth")
    first = await story.share({"kind": "kind", "of": "plan-for-carers"})
    hours = {"kind": "hours", "zone": "Europe/London", "days": [1, 7], "from": "09:00", "until": "12:00"}
    until = soon(served, DAY)
    share = {"scope": {"kind": "kind", "of": "letter"}, "condition": hours, "until": until}
    await amina.say(f"{served.record}/directives", grantee={"kind": "team", "id": story.practice}, **share)
    together = await amina.say(f"{served.record}/together", carer=story.sam.person, until=soon(served))
    before = await served.size()
    told = await asked(amina, f"{served.record}/sharing")
    assert await served.said(before) == ["disclosure-made/1"]
    to_sam, to_team = told["directives"]
    assert (to_sam["id"], to_sam["effect"]) == (first, "share")
    assert to_sam["grantee"] == {"kind": "person", "id": story.sam.person, "name": "Sam Diallo"}
    assert to_sam["scope"] == {"kind": "kind", "of": "plan-for-carers"}
    assert to_team["grantee"]["name"] == "The Practice"
    assert to_team["terms"] == {"from": None, "until": until, "condition": hours}
    assert [one["id"] for one in told["together"]] == [together["ids"]["together"]]
    bundle = await asked(amina, f"{served.record}/sharing/fhir")
    resources = [entry["resource"] for entry in bundle["entry"]]
    assert [fault for resource in resources for fault in faults(resource)] == []
    assert [one["id"] for one in resources if one["resourceType"] == "Consent"] == [
        one["id"] for one in told["directives"]
    ]
    problem(await okafor.get(f"{served.record}/sharing/fhir"), 403, "not-allowed")
    problem(await sam.get(f"{served.record}/sharing/fhir"), 404, "unknown")
    path = f"{served.record}/sharing"
    unknown = problem(await sam.get(path), 404, "unknown")
    elsewhere = problem(await sam.get(f"/records/{NOBODY}/sharing"), 404, "unknown")
    assert unknown["detail"].replace(story.record, NOBODY) == elsewhere["detail"]
    problem(await moss.get(path), 403, "not-allowed")
    problem(await ruth.get(path), 404, "unknown")
    doctors = await asked(okafor, path)
    assert doctors["carers"] == [{"id": story.sam.person, "name": "Sam Diallo"}]
    assert "directives" not in doctors
    assert "suspended" not in str(doctors)


async def test_the_talk_about_carers_is_recorded_and_whoever_is_in_care_sees_that_it_was_held(served: Served) -> None:
    story = served.story
    amina, okafor, lind, sam = await signed_in(served, "amina", "okafor", "lind", "sam")
    path = f"{served.record}/carer-conversations"
    assert (await asked(lind, f"{served.record}/sharing"))["asked_about_carers"] is False
    held = await okafor.say(path, outcome="agreed", person=story.sam.person, text="Sam may know the plan.")
    told = await asked(lind, f"{served.record}/sharing")
    assert told["asked_about_carers"] is True
    [talk] = told["conversations"]
    assert (talk["id"], talk["outcome"], talk["person"]["name"]) == (
        held["ids"]["conversation"], "agreed", "Sam Diallo",
    )  # fmt: skip
    assert [one["id"] for one in (await asked(amina, f"{served.record}/sharing"))["conversations"]] == [talk["id"]]
    assert problem(await sam.post(path, outcome="agreed"), 403, "not-allowed")["rule"] == "role-missing"
    problem(await okafor.post(path, outcome="perhaps"), 422, "malformed")


async def test_a_question_about_an_access_goes_to_who_looked_and_is_answered_once(served: Served) -> None:
    story = served.story
    amina, lind, sam, greta = await signed_in(served, "amina", "lind", "sam", "greta")
    await story.note("Slept well.")
    disclosure = (await asked(lind, served.record))["disclosure"]
    question = {"disclosure": disclosure, "text": "I was not there that day."}
    path = f"{served.record}/questions"
    assert problem(await sam.post(path, **question), 403, "not-allowed")["rule"] == "not-the-patient"
    asking = await amina.say(path, **question)
    [said] = await story.ledger.read(asking["position"], 1)
    assert said.facts["viewer"] == story.lind.person
    answer = f"{path}/{asking['ids']['question']}/answer"
    assert problem(await sam.post(answer, text="x"), 403, "not-allowed")["rule"] == "role-missing"
    await lind.say(answer, text="I wrote the letter that you asked for.")
    assert problem(await greta.post(answer, text="x"), 403, "not-allowed")["rule"] == "already-answered"
    own = (await asked(amina, served.record))["disclosure"]
    problem(await amina.post(path, disclosure=own, text="x"), 403, "not-allowed")


async def test_a_line_that_the_patient_does_not_see_is_asked_about_as_one_that_is_not_there(served: Served) -> None:
    story = served.story
    amina, lind, moss, greta = await signed_in(served, "amina", "lind", "moss", "greta")
    working = await story.note("Between us.", kind="working-note")
    hidden = (await asked(lind, f"{served.record}/items/{working}"))["disclosure"]
    emergency = await moss.say(
        f"{served.record}/emergencies", kind="cannot-be-asked", reason="Unconscious.", until=soon(served)
    )
    quiet = (await asked(moss, served.record, purpose="emergency"))["disclosure"]
    delay = f"{served.record}/emergencies/{emergency['ids']['emergency']}/notice-delay"
    assert problem(await moss.post(delay, until=soon(served), reason="x"), 403, "not-allowed")["rule"] == "role-missing"
    await greta.say(delay, until=soon(served), reason="She is being moved to a safe place.")
    elsewhere = await neighbour(served)
    other = (await asked(await elsewhere.sign_in(elsewhere.story.amina), elsewhere.record))["disclosure"]
    path, details = f"{served.record}/questions", set()
    for one in (hidden, quiet, other, NOBODY):
        told = problem(await amina.post(path, disclosure=one, text="Why?"), 404, "unknown")
        details.add(told["detail"].replace(one, "…"))
    assert len(details) == 1


async def test_a_carers_confidence_is_shared_only_with_their_leave(served: Served) -> None:
    story = served.story
    amina, okafor, sam, lind = await signed_in(served, "amina", "okafor", "sam", "lind")
    draft = Draft("contribution", "She does not eat.", in_confidence=True)
    told = await story.ledger.items.add(By(story.sam.person, "carer"), story.record, draft)
    path = f"{served.record}/items/{told.facts['item']}"
    assert await seen(amina, served) == set()
    assert problem(await sam.post(f"{path}/leave-answer", outcome="given"), 403, "not-allowed")["rule"] == (
        "leave-not-asked"
    )
    await okafor.say(f"{path}/leave-asked", text="May we tell her that you worry?")
    await sam.say(f"{path}/leave-answer", outcome="refused")
    assert await seen(amina, served) == set()
    await sam.say(f"{path}/leave-answer", outcome="given")
    assert await seen(amina, served) == {"She does not eat."}
    assert problem(await lind.post(f"{path}/leave-asked", text="x"), 403, "not-allowed")["rule"] == "not-in-confidence"


async def test_an_administrator_configures_topics_and_profiles_and_drops_no_topic(served: Served) -> None:
    story = served.story
    [ada, okafor] = await signed_in(served, "ada", "okafor")
    codes = {
        "mental-health": "PSY", "sexual-health": "SEX", "reproductive": "SEX", "substance-use": "ETH",
        "domestic-abuse": "SDV", "genetic": "GDIS", "social-care": "PRS", "gender": "GENDER",
    }  # fmt: skip
    ages = {"review": 11, "ends": 16, "refusal": 18}
    profiles = {"pharmacy": {"kinds": ["medicine", "allergy"], "topics": []}}
    await ada.say("/policy", profiles=profiles, topics=codes, ages=ages)
    await story.note("Hormones.", kind="medicine", topics=("gender",))
    fewer = {topic: code for topic, code in codes.items() if topic != "gender"}
    dropped = await ada.post("/policy", profiles=profiles, topics=fewer, ages=ages)
    assert problem(dropped, 403, "not-allowed")["rule"] == "topic-dropped"
    out_of_order = await ada.post("/policy", profiles={}, topics=codes, ages={**ages, "review": 17})
    assert problem(out_of_order, 403, "not-allowed")["rule"] == "ages-out-of-order"
    refused = await okafor.post("/policy", profiles={}, topics=codes, ages=ages)
    assert problem(refused, 403, "not-allowed")["rule"] == "role-missing"


async def test_each_says_it_with_their_own_signature_too_and_none_names_somebody_else_as_who_looked(
    served: Served,
) -> None:
    story = served.story
    amina, lind, okafor, greta = await signed_in(served, "amina", "lind", "okafor", "greta")
    note = await story.note("Slept well.")
    disclosure = (await asked(lind, served.record))["disclosure"]
    about = {"record": story.record}
    words = {"text": "Why?"}
    for viewer, status in ((story.moss.person, 409), (story.lind.person, 201)):
        question = {**about, "question": statement_id(), "disclosure": disclosure, "viewer": viewer}
        answer = await send(amina, worded(amina, "access-questioned/1", question, words))
        assert answer.status_code == status, answer.text
    malformed = {**about, "question": statement_id(), "disclosure": "x", "viewer": story.moss.person}
    before = await served.size()
    problem(await send(amina, worded(amina, "access-questioned/1", malformed, words)), 422, "malformed")
    [tried] = await story.ledger.read(before, 2)
    assert (tried.facts["record"], tried.facts["type"], tried.facts["rule"]) == (
        story.record, "access-questioned/1", "malformed",
    )  # fmt: skip
    assert (await send(amina, signed(amina, about, type="sharing-stopped/1"))).status_code == 201
    period = {"from": soon(served, 0), "until": soon(served, DAY)}
    found = {"assessment": statement_id(), "matter": "sharing", "outcome": "has", "relevant": [], **period}
    assessed = await send(okafor, worded(okafor, "capacity-assessed/1", {**about, **found}, {"text": "He decides."}))
    assert assessed.status_code == 201, assessed.text
    erasing = {"basis": "consent-withdrawn", "reason": "x"}
    erasure = await amina.say(f"{served.record}/items/{note}/erasure-asked", **erasing)
    item = (await story.ledger.facts.record(story.record, fresh=True)).fold.facts.items[note]
    facts = {**about, "item": note, "erasure": erasure["ids"]["erasure"], "basis": "consent-withdrawn"}
    said = signed(greta, facts, type="content-erased/1", public=Erased(item.to_erase()))
    assert (await send(greta, said)).status_code == 201
    [gone] = (await asked(amina, served.record))["items"]
    assert (gone["id"], gone["text"]) == (note, None)


def worded(client: Client, statement_type: str, facts: dict[str, Any], words: dict[str, str]) -> dict[str, Any]:
    """A statement with words as its author's device sends it."""
    opening = Opening(SALT, canonical.encode(words))
    body = signed(client, facts, type=statement_type, words=opening.commitment)
    return {**body, "words": {"salt": canonical.base64url(SALT), "body": words}}


async def test_the_patient_reads_what_each_part_is_to_whom_and_nothing_of_what_they_do_not_see(served: Served) -> None:
    story = served.story
    [amina] = await signed_in(served, "amina")
    await story.note("Hidden.", kind="working-note")
    letter = await story.note("From the clinic.", kind="letter")
    first = await story.share({"kind": "everything"})
    to_sam: dict[str, Any] = {"kind": "person", "id": story.sam.person}
    await story.ledger.sharing.direct(
        story.amina, story.record, Directing(to_sam, {"kind": "item", "of": letter}, "withhold")
    )
    to_all = Directing({"kind": "all-carers"}, {"kind": "topic", "of": "genetic"}, condition={"kind": "together"})
    await story.ledger.sharing.direct(story.amina, story.record, to_all)
    told = await asked(amina, f"{served.record}/sharing")
    sees = {one["grantee"]["kind"]: one["parts"] for one in told["sees"]}
    assert list(sees) == ["person", "team", "all-carers"]
    of_sam = {(one["scope"]["kind"], one["scope"].get("of")): one for one in sees["person"]}
    assert not [of for kind, of in of_sam if of in ("working-note", "medicine")]
    assert of_sam["everything", None] == {
        "scope": {"kind": "everything"}, "effect": "shared", "directive": first, "own": first, "beneath": None,
        "differing": 0,
    }  # fmt: skip
    assert [of_sam["kind", "letter"][name] for name in ("effect", "own", "differing")] == ["shared", None, 1]
    assert of_sam["topic", "genetic"]["effect"] == "unmet"
    assert told["care"] == [
        {"grantee": {"kind": "team", "id": story.practice, "name": "The Practice"}, "ground": "referral"}
    ]
    assert (told["results_wish"], told["after_death_wish"]) == ("at-once", "ask-guardian")


async def test_who_cared_before_is_still_known_by_name_and_every_name_is_accounted_for(served: Served) -> None:
    story = served.story
    [amina] = await signed_in(served, "amina")
    await asked(amina, f"{served.record}/sharing")
    [care] = [one for one, _ in (await story.ledger.facts.record(story.record)).fold.facts.care.items()]
    await story.ledger.care.end_carer(story.amina, story.record, story.sam.person)
    await story.ledger.care.end(story.ada, story.record, care)
    told = await asked(amina, f"{served.record}/sharing")
    assert (told["carers"], told["care"]) == ([], [])
    assert told["former_carers"] == [{"id": story.sam.person, "name": "Sam Diallo"}]
    await assert_accounted(story.ledger)
