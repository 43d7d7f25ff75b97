"""A record with something of everything in it, and the bundles that its readers take along."""

from pathlib import Path
from uuid import uuid4

from api.exporting import Exported, Wanted, export_record
from api.settings import Settings
from api.wiring import House
from ledger.core.log_keys import LogVerifier
from ledger.saying import By
from ledger.use_cases.items import Draft
from tests.signing import Device, item_facts
from tests.story import KEYRING, Story

LOG: LogVerifier = KEYRING.log.verifier


async def tell_everything(story: Story) -> dict[str, str]:
    """Notes and their answers, measured values, a wish, an error, an agreement: gives the items' ids by name."""
    told = {
        "note": await story.note("Inappropriate laughter.", title="Visit", topics=("mental-health",)),
        "letter": await story.note("Dear colleague,\n\n  thank you: she is better.", kind="letter"),
        "plan": await story.note("Walk every day.", kind="plan-for-carers"),
        "problem": await story.note("Since May.", kind="problem", title="Asthma"),
        "medicine": await story.note("Two puffs, as needed.", kind="medicine", title="Salbutamol"),
        "allergy": await story.note("A rash, in 1999.", kind="allergy", title="Penicillin"),
        "goal": await story.note("To climb the stairs.", kind="plan", title="Stairs"),
        "mistake": await story.note("Of somebody else.", kind="problem", title="Gout"),
    }
    data = {"system": "http://loinc.org", "code": "15074-8", "value": "6.3", "unit": "mmol/l"}
    told["reading"] = await added(story, Draft("reading", "Before breakfast.", "Glucose", data=data), story.amina)
    data = {"part-8480-6-code": "8480-6", "part-8480-6-value": "120", "part-8480-6-unit": "mm[Hg]", "value": "6.30"}
    told["result"] = await added(story, Draft("result", "Blood pressure: 6.30\nSitting.", "Blood pressure", data=data))
    items = story.ledger.items
    comment = await items.comment(story.amina, story.record, told["note"], "It was a joke.", quote="laughter")
    told["comment"] = str(comment.facts["item"])
    told["reply"] = str((await items.reply(story.okafor, story.record, told["comment"], "I see.")).facts["item"])
    dispute = await items.dispute(story.amina, story.record, told["problem"], "Since June, I said.")
    told["dispute"] = str(dispute.facts["item"])
    await items.amend(story.okafor, story.record, told["note"], "Laughed at a joke.", reason="She told me.")
    await items.amend(story.okafor, story.record, told["problem"], "Since June.")
    await items.answer_dispute(story.okafor, story.record, told["dispute"], "amended", "You are right.")
    await items.agree(story.amina, story.record, told["letter"], "agree", text="That is how it was.")
    told["wishes"] = await sign_in_the_page(story)
    await items.mark_in_error(story.okafor, story.record, told["mistake"], "A slip of the hand.")
    return told


async def sign_in_the_page(story: Story) -> str:
    """An advance statement, signed with a session key and assured by the passkey that certified it."""
    amina, wishes = await Device.of(story.ledger, story.amina, story.bert.person), str(uuid4())
    words = {"title": "My wishes", "text": "Ask me first.", "quote": None, "data": None}
    await amina.say("item-added/1", item_facts(story.record, wishes, "wishes"), words)
    await amina.say("wish-signed/1", {"record": story.record, "item": wishes})
    return wishes


async def added(story: Story, draft: Draft, by: By | None = None) -> str:
    """Add a draft (by Dr Okafor, if nobody is named) and give the item's id."""
    return str((await story.ledger.items.add(by or story.okafor, story.record, draft)).facts["item"])


async def exported(story: Story, to: Path, who: By, policy: Path | None = None) -> Exported:
    """Write the bundle of one reader; ``policy`` says whose cosignatures count."""
    settings = Settings(home=to.parent, origin=KEYRING.origin, policy=policy, start_unwitnessed=True)
    house = House(settings, KEYRING, story.database.dsn(), story.database.superuser_dsn)
    return await export_record(house, Wanted(story.record, who.person, who.acting_as), to)
