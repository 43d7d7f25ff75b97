"""For what a record is open when something is said in it: who is only registered with the patient names it."""

from ledger.core import canonical
from ledger.core.sealing import Opening
from tests.http.served import Served, problem
from tests.http.test_signed import FACTS, WORDS
from tests.http.test_statements import SALT, signed

NOTE = {"kind": "note", "text": "Seen at the practice."}


async def test_who_is_only_registered_writes_for_an_appointment_or_a_task(served: Served) -> None:
    story = served.story
    moss = await served.sign_in(story.moss)
    await story.ledger.care.start(story.ada, story.record, ground="registration", person=story.moss.person)
    problem(await moss.post(f"{served.record}/items", **NOTE), 403, "not-allowed")
    for purpose, status in (("emergency", 403), ("own-record", 403), ("appointment", 201), ("task", 201)):
        answer = await moss.post(f"{served.record}/items?purpose={purpose}", **NOTE)
        assert answer.status_code == status, (purpose, answer.text)


async def test_so_they_do_with_a_key_of_their_own(served: Served) -> None:
    story = served.story
    moss = await served.sign_in(story.moss)
    await story.ledger.care.start(story.ada, story.record, ground="registration", person=story.moss.person)
    opening = Opening(SALT, canonical.encode(WORDS))
    body = signed(moss, {"record": story.record, **FACTS}, type="item-added/1", words=opening.commitment)
    sent = {**body, "words": {"salt": canonical.base64url(SALT), "body": WORDS}}
    problem(await moss.http.post("/statements", json=sent, headers=moss.headers), 403, "not-allowed")
    answer = await moss.http.post("/statements?purpose=task", json=sent, headers=moss.headers)
    assert answer.status_code == 201, answer.text


async def test_a_purpose_makes_nobody_care_for_a_patient_who_does_not(served: Served) -> None:
    moss = await served.sign_in(served.story.moss)
    told = problem(await moss.post(f"{served.record}/items?purpose=appointment", **NOTE), 403, "not-allowed")
    assert told["rule"] == "not-in-care"


async def test_what_is_no_purpose_is_refused_in_words(served: Served) -> None:
    okafor = await served.sign_in(served.story.okafor)
    told = problem(await okafor.post(f"{served.record}/items?purpose=gossip", **NOTE), 422, "malformed")
    assert "got 'gossip', wanted none, or one of appointment" in told["detail"]
