"""What goes on around the records: what is shared with whom, who looked, two emergencies, two questions, other people.

Amina's choices come first. Then people look, each by what was shared with them or by their care, so that her trail has
lines to read; some are refused, and some questions wait for an answer.
"""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from api.demo.cast import Cast
from api.demo.stage import PURPOSES
from api.demo.town import Town
from ledger.core.instants import DAY, HOUR, Instant
from ledger.disclosure import Disclosure
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.use_cases.items import Draft
from ledger.use_cases.representation import Finding, Instrument, ParentalReview
from ledger.use_cases.sharing import Conversation, Directing
from ledger.use_cases.trail import Asked

ALL_DAY: Final = {"kind": "hours", "zone": "Europe/London", "days": [1, 2, 3, 4, 5, 6, 7], "from": "00:00",
                  "until": "23:59"}  # fmt: skip
AFTER_WORK: Final = {"kind": "hours", "zone": "Europe/London", "days": [1, 2, 3, 4, 5], "from": "17:00",
                     "until": "20:00"}  # fmt: skip
NIGHT: Final = "Brought in by ambulance after a fall at home, not awake. Allergies and tablets needed now."
WHY: Final = "I do not know this doctor. Why did they look at my record?"


async def share(ledger: Ledger, cast: Cast, town: Town, items: dict[str, str]) -> None:
    """Amina's choices, of every sort: per kind, topic and item, until a day, in some hours, only together, a seal."""
    sam, grace, doctor = (_to(by) for by in (cast.sam, town.grace, cast.okafor))
    agency, month = {"kind": "team", "id": town.agency}, Instant(ledger.clock() + 30 * DAY)
    for choice in (
        Directing({"kind": "all-carers"}, _kind("allergy")),
        Directing(sam, _kind("medicine")),
        Directing(sam, _kind("plan-for-carers")),
        Directing(sam, _kind("reading")),
        Directing(sam, _kind("result"), condition={"kind": "together"}),
        Directing(sam, _kind("letter"), ends=month),
        Directing(sam, {"kind": "topic", "of": "social-care"}, condition={"kind": "when-unwell"}),
        Directing(sam, {"kind": "item", "of": items["letter"]}, effect="withhold"),
        Directing(sam, {"kind": "item", "of": items["after-fall"]}),
        Directing(grace, _kind("plan-for-carers"), condition=AFTER_WORK),
        Directing(agency, _kind("plan-for-carers"), condition=ALL_DAY),
        Directing(agency, _kind("medicine"), condition=ALL_DAY, ends=month),
        Directing(doctor, {"kind": "item", "of": items["sealed"]}, effect="withhold"),
    ):
        await ledger.sharing.direct(cast.amina, cast.record, choice)
    agreed = "Sam may know her tablets and the plan. The letters for a month, until things are quieter."
    await ledger.sharing.hold_conversation(
        cast.okafor, cast.record, Conversation("agreed", cast.sam.person, "has", agreed)
    )
    await ledger.sharing.hold_conversation(cast.okafor, cast.record, Conversation("not-now", town.grace.person))


async def look(ledger: Ledger, cast: Cast, town: Town, items: dict[str, str]) -> None:
    """People look. Dr Hale opens an emergency, which Greta has reviewed; that of Dr Moss waits for her review."""
    record = cast.record
    for by, item in (
        (cast.sam, None), (town.lena, None), (cast.okafor, None), (town.price, items["after-fall"]),
        (town.kaya, items["therapy"]), (cast.amina, None), (town.grace, None),
    ):  # fmt: skip
        await _open(ledger, by, record, item)
    await _open(ledger, town.hale, record)
    until = Instant(ledger.clock() + HOUR)
    night = await ledger.sharing.open_emergency(town.hale, record, "life-at-risk", NIGHT, until)
    seen = await _open(ledger, town.hale, record, purpose="emergency")
    emergency = str(night.facts["emergency"])
    await ledger.sharing.open_emergency_item(town.hale, record, emergency, items["home"])
    await _open(ledger, town.hale, record, items["home"], purpose="emergency")
    right = "She was brought in unconscious, the ambulance's report says so. He read what he needed, and no more."
    await ledger.sharing.review_emergency(town.greta, record, emergency, "justified", right)
    strange = await _open(ledger, cast.moss, record, purpose="emergency")
    await ledger.sharing.question_access(cast.amina, record, strange.id, WHY)
    question = await ledger.sharing.question_access(
        cast.amina, record, seen.id, "Was it you who treated me that night?"
    )
    answer = "Yes. You could not speak, and I had to know your tablets. I am glad that you are better."
    await ledger.sharing.answer_access(town.hale, record, str(question.facts["question"]), answer)


async def _open(
    ledger: Ledger, by: By, record: str, item: str | None = None, *, purpose: str | None = None
) -> Disclosure:
    return await ledger.trail.open(by, Asked(record, purpose or PURPOSES[by.acting_as], item=item))


async def live_on(ledger: Ledger, cast: Cast, town: Town) -> None:
    """The records of others: a young person with a parent, a man with an attorney, patients of the surgery."""
    # The surgery cares for them by registration, which lets nobody write who does not say what for.
    doctor = replace(cast.okafor, purpose="appointment")
    await _of_maya(ledger, cast, town, doctor)
    await _of_walter(ledger, cast, town, doctor)
    for number, record in enumerate(town.others):
        for kind, title, text in OF_OTHERS[: 2 + number % 3]:
            await ledger.items.add(doctor, record, Draft(kind, text, title))


OF_OTHERS: Final = (
    ("problem", "Asthma", "Since childhood. Worse in spring."),
    ("medicine", "Salbutamol inhaler", "Two puffs when short of breath."),
    ("recommendation", "Stop smoking", "The clinic at the pharmacy helps: six in ten who go there have stopped."),
    ("note", "Yearly review", "Uses the blue inhaler twice a week. Technique shown again."),
)


async def _of_maya(ledger: Ledger, cast: Cast, town: Town, doctor: By) -> None:
    """Maya is fourteen: her father sees what was agreed with her, and not what is her own."""
    record, add = town.mayas, ledger.items.add
    named = await ledger.representation.register_parent(cast.first_administrator, record, cast.sam.person)
    await add(doctor, record, Draft("problem", "Mild. Inhaler before sports.", "Asthma"))
    await add(doctor, record, Draft("medicine", "Two puffs before sports.", "Salbutamol inhaler"))
    await add(doctor, record, Draft("allergy", "Peanuts: lips swell. Carries a pen.", "Peanuts"))
    talk = "Worries about exams and sleeps badly. We spoke alone. She will tell her father herself, when she wants to."
    await add(doctor, record, Draft("note", talk, "A talk", ["mental-health"]))
    parts = [_kind("problem"), _kind("medicine"), _kind("allergy")]
    review = ParentalReview(parts, Instant(ledger.clock() + 180 * DAY), "Spoken about with Maya, who agrees.")
    await ledger.representation.review_parent(doctor, record, str(named.facts["parental"]), review)


async def _of_walter(ledger: Ledger, cast: Cast, town: Town, doctor: By) -> None:
    """Walter has dementia: for now he cannot decide about his treatment, and Grace holds his power of attorney."""
    record, add = town.walters, ledger.items.add
    await add(doctor, record, Draft("problem", "Slowly worse. Knows Grace and the house.", "Dementia"))
    await add(doctor, record, Draft("medicine", "One tablet at night.", "Donepezil 10 mg"))
    await add(town.price, record, Draft("plan-for-carers", "He likes to set the table. Let him.", "Days at home"))
    holds = Instrument(town.grace.person, "attorney", ["treatment", "care"], "jointly-and-severally", date(2021, 5, 4))
    await ledger.representation.register_power(cast.first_administrator, record, holds)
    found = "Could not say back what the operation is for, though told three times in plain words, in the morning."
    finding = Finding(
        "treatment", "lacks", found, Instant(ledger.clock() + 20 * DAY), [_kind("medicine"), _kind("problem")]
    )
    await ledger.representation.assess_capacity(doctor, record, finding)


def _to(by: By) -> dict[str, Any]:
    return {"kind": "person", "id": by.person}


def _kind(name: str) -> dict[str, str]:
    return {"kind": "kind", "of": name}
