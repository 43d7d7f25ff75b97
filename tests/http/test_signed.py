"""Every reader sees of each statement whether its author signed it, or the service recorded it for them."""

from typing import Any

from api.clock import clock
from ledger.core import canonical
from ledger.core.sealing import Opening
from ledger.saying import By
from tests.http.served import Client, Served, new_key
from tests.http.test_statements import SALT, send, signed
from tests.signing import enrol

ITEM = "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"
FACTS: dict[str, Any] = {
    "item": ITEM, "kind": "note", "topics": [], "parent": None, "concern": None, "due": None, "in_confidence": False,
    "discussed": True, "copy_given": False, "imported": None,
}  # fmt: skip
WORDS = {"title": None, "text": "Signed on my own device.", "quote": None, "data": None}


async def sign_note(client: Client, record: str) -> None:
    """A note that its author signs with their own key."""
    opening = Opening(SALT, canonical.encode(WORDS))
    body = signed(client, {"record": record, **FACTS}, type="item-added/1", words=opening.commitment)
    answer = await send(client, {**body, "words": {"salt": canonical.base64url(SALT), "body": WORDS}})
    assert answer.status_code == 201, answer.text


async def items(client: Client, served: Served) -> dict[str, dict[str, Any]]:
    """The items of the record as a reader is shown them, by id."""
    answer = await client.get(served.record)
    assert answer.status_code == 200, answer.text
    return {item["id"]: item for item in answer.json()["items"]}


async def test_readers_see_what_its_author_signed_and_what_was_recorded_for_them(served: Served) -> None:
    story = served.story
    okafor, amina, sam = [await served.sign_in(by) for by in (story.okafor, story.amina, story.sam)]
    await sign_note(okafor, story.record)
    recorded = await story.note("Recorded for her.")
    amendment = {"text": "Put better.", "reason": None}
    await okafor.say(f"{served.record}/items/{ITEM}/amendments", **amendment)
    await amina.say(f"{served.record}/items/{ITEM}/comments", text="Yes.")
    for item in (ITEM, recorded):
        await story.share({"kind": "item", "of": item})
    for reader in (okafor, amina, sam):
        shown = await items(reader, served)
        assert shown[ITEM]["author"]["signed"] == "author"
        assert shown[ITEM]["amendments"][0]["author"]["signed"] == "service"
        assert shown[recorded]["author"]["signed"] == "service"
        assert [child["author"]["signed"] for child in shown[ITEM]["children"]] in ([], ["service"])


async def test_a_key_that_was_enrolled_elsewhere_and_is_revoked_since_still_tells_who_signed(served: Served) -> None:
    story, okafor = served.story, await served.sign_in(served.story.okafor)
    assert await items(okafor, served) == {}  # her keys are cached here from now on
    other = new_key()
    administrator = By(story.ada.person, "administrator")
    await enrol(story.ledger, okafor.by, okafor.key.signer, story.okafor.person, other.signer.public)
    elsewhere = Client(served.http, okafor.by, other, await served.token(other, okafor.by))
    await sign_note(elsewhere, story.record)
    keys = (await story.ledger.facts.person(story.okafor.person, fresh=True)).fold.keys
    said = keys.find(story.okafor.person, other.signer.kid, 2**53 - 1, clock())
    await story.ledger.people.revoke_key(administrator, story.okafor.person, said, "lost")
    assert (await items(okafor, served))[ITEM]["author"]["signed"] == "author"


async def test_those_who_oversee_a_record_see_it_of_every_statement(served: Served) -> None:
    story, okafor = served.story, await served.sign_in(served.story.okafor)
    await sign_note(okafor, story.record)
    await okafor.say(f"{served.record}/items/{ITEM}/amendments", text="Put better.", reason=None)
    answer = await story.ledger.cases.assign(story.ada, story.ruth.person, "A complaint.", record=story.record)
    ruth = await served.sign_in(story.ruth)
    shown = (await ruth.get(served.record, case=answer.facts["case"])).json()
    [item] = shown["items"]
    assert item["signed"] == "author"
    assert [event["signed"] for event in item["said"]] == ["author", "service"]
