"""Months of Amina's care: what stood in the surgery's old system, what the hospital wrote, what she measured herself.

The ledger's clock decides when something was recorded; nothing here changes it. What is older comes as it would come in
truth: imported from another system with the date that it has there, or written up by its author with the day it is of.
"""

from dataclasses import dataclass, replace
from typing import Final

from api.demo.cast import Cast
from api.demo.town import Town
from ledger.core.instants import DAY, Instant
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.use_cases.items import Draft

OLD_SYSTEM: Final = "riverside-surgery"
LOINC: Final = "http://loinc.org"

PRESSURE: Final = ((84, 162, 98), (77, 158, 97), (70, 159, 94), (63, 151, 95), (56, 148, 92), (49, 150, 90),
                   (42, 144, 91), (35, 141, 88), (28, 139, 87), (21, 142, 86), (14, 136, 84), (7, 134, 82))  # fmt: skip
"""What she read off at home: days ago, and the two numbers."""
WEIGHT: Final = ((80, "84.2"), (66, "83.6"), (52, "83.1"), (38, "82.0"), (24, "81.7"), (10, "81.1"))


@dataclass(frozen=True, slots=True)
class Past:
    """One item of the time before: how many days ago, whose, what."""

    days: int
    draft: Draft


def _old(days: int, kind: str, title: str, text: str, *topics: str) -> Past:
    return Past(days, Draft(kind, text, title, topics, imported=OLD_SYSTEM))


OF_THE_SURGERY: Final = (
    _old(188, "problem", "Type 2 diabetes", "Found by a blood test at the health check. No symptoms."),
    _old(187, "plan", "Diabetes: what we agreed", "Metformin with breakfast and supper.\nA walk of half an hour"
         " on five "
         "days of the week.\nFeet looked at once a year, eyes once a year.\nBlood test every three months."),
    _old(187, "medicine", "Metformin 500 mg", "One tablet with breakfast, one with supper. Swallow whole."),
    _old(180, "letter", "Eye screening: your result", "Dear Mrs Diallo,\n\nThank you for coming to have the"
         " backs of your "
         "eyes photographed. We found no sign of damage from diabetes in either eye. We will invite you again in a "
         "year.\n\nIf your sight changes before then, do not wait for that: ring the surgery."),
    _old(171, "problem", "High blood pressure", "Above 150/90 on three visits. To be measured at home for a while."),
    _old(170, "medicine", "Amlodipine 5 mg", "One tablet each morning. Ankles may swell: tell us if they do."),
    _old(160, "result", "Cholesterol", "Total cholesterol 5.9 mmol/l. A little high. To be spoken about at the"
         " next visit."),
    _old(151, "note", "Blood pressure check", "146/92 sitting. Feels well. No swelling. Carries on with"
         " amlodipine. Would "
         "like to measure at home with her own cuff, and will bring the numbers."),
    _old(140, "problem", "Sore right knee", "Wear of the joint. Worse on stairs, better with walking on the flat."),
    _old(131, "information", "Exercises for the knee", "Four exercises, twice a day, ten times each. Stop if it"
         " hurts more "
         "the next morning than it did the evening before."),
    _old(120, "result", "Blood sugar over three months (HbA1c)", "58 mmol/mol. The aim that we agreed is below 53."),
    _old(96, "medicine", "Atorvastatin 20 mg", "One tablet in the evening. To lower cholesterol."),
    _old(95, "recommendation", "Flu vaccine", "It is offered every autumn because of diabetes. Ring to book."),
    _old(62, "result", "Kidney function", "Normal. To be looked at again in a year."),
    _old(58, "result", "Blood sugar over three months (HbA1c)", "52 mmol/mol. Below the aim. Well done."),
    _old(40, "letter", "Dentist: check-up", "Two fillings replaced. Gums healthy. Next check-up in six months."),
)  # fmt: skip


async def fill(ledger: Ledger, cast: Cast, town: Town) -> dict[str, str]:
    """Write all of it. Gives the ids of the items of which something is said later, by what they are."""
    for past in OF_THE_SURGERY:
        await ledger.items.add(_then(ledger, cast.okafor, past.days, importing=True), cast.record, past.draft)
    await _measured(ledger, cast)
    return {**await _of_the_hospital(ledger, cast, town), **await _of_late(ledger, cast, town)}


def _then(ledger: Ledger, by: By, days: float, *, importing: bool = False) -> By:
    """Somebody as they spoke some days ago: the instant is the author's, and the log says when it was recorded."""
    return replace(by, made_at=Instant(ledger.clock() - int(days * DAY)), importing=importing)


async def _measured(ledger: Ledger, cast: Cast) -> None:
    for days, upper, lower in PRESSURE:
        data = {"system": LOINC, "code": "85354-9"}
        for code, value in (("8480-6", upper), ("8462-4", lower)):
            part = {"system": LOINC, "code": code, "value": str(value), "unit": "mmHg"}
            data |= {f"part-{code}-{name}": text for name, text in part.items()}
        draft = Draft("reading", f"{upper}/{lower} mmHg", "Blood pressure", data=data)
        await ledger.items.add(_then(ledger, cast.amina, days), cast.record, draft)
    for days, kilos in WEIGHT:
        data = {"system": LOINC, "code": "29463-7", "value": kilos, "unit": "kg"}
        await ledger.items.add(
            _then(ledger, cast.amina, days), cast.record, Draft("reading", f"{kilos} kg", "Weight", data=data)
        )


async def _of_the_hospital(ledger: Ledger, cast: Cast, town: Town) -> dict[str, str]:
    old = "northgate-hospital"
    letter = Draft("letter", KNEE_LETTER, "Knee clinic: your visit", imported=old)
    stay = Draft("letter", STAY_LETTER, "Emergency department: after your fall", imported=old)
    x_ray = Draft(
        "result", "X-ray of the right knee: moderate wear on the inner side. No break.", "X-ray", imported=old
    )
    by = town.hale
    return {
        "x-ray": await _added(ledger, _then(ledger, by, 34, importing=True), cast, x_ray),
        "letter": await _added(ledger, _then(ledger, by, 33, importing=True), cast, letter),
        "stay": await _added(ledger, _then(ledger, by, 9, importing=True), cast, stay),
    }


KNEE_LETTER: Final = (
    "Dear Dr Okafor,\n\nThank you for sending us this 71 year old retired teacher. She has had pain in her left"
    " knee for"
    " about a year, worse on stairs. She lives alone and does not manage her own shopping.\n\nThe X-ray shows moderate"
    " wear. We do not advise an operation now. We gave her exercises and would see her again in six months."
)
STAY_LETTER: Final = (
    "Mrs Diallo was brought in by ambulance after a fall at home. She had been unconscious for a few minutes. The scan"
    " of the head was normal. She was watched overnight and went home in the morning with her son.\n\nPlease"
    " look at her"
    " blood pressure tablets: it fell by 25 when she stood up."
)
SEALED: Final = (
    "Spoke about the year after her husband died, and about nights on which she drinks more than she wants to. She does"
    " not want the surgery to read this yet, and I agree that it can wait."
)


async def _of_late(ledger: Ledger, cast: Cast, town: Town) -> dict[str, str]:
    """What was written in the weeks before, by people who use this ledger themselves."""
    drafts = {
        "therapy": (town.kaya, 24, Draft("letter", THERAPY, "After our first six talks", ["mental-health"])),
        "sealed": (town.kaya, 17, Draft("note", SEALED, "Third talk", ["mental-health", "substance-use"])),
        "sertraline": (cast.okafor, 20, Draft("medicine", "One tablet each morning. It takes about three weeks"
             " to work.",
                                              "Sertraline 50 mg", ["mental-health"], discussed=True)),
        "home": (town.price, 12, Draft("plan-for-carers", HOME_PLAN, "At home: day by day", discussed=True)),
        "after-fall": (town.price, 7, Draft("note", AFTER_FALL, "Visit after the fall", copy_given=True)),
        "walking": (cast.okafor, 6, Draft("recommendation", WALKING, "Walking group", discussed=True)),
        "care-needs": (town.price, 5, Draft("note", CARE_NEEDS, "What help she needs at home", ["social-care"])),
        "sugar": (cast.okafor, 2, Draft("result", "49 mmol/mol. Better again.", "Blood sugar over three months"
             " (HbA1c)")),
        "scan": (cast.okafor, 1, Draft("result", "Small shadow on the left lung. To be looked at again by a"
             " specialist.",
                                       "X-ray of the chest")),
        "sister": (cast.okafor, 4, Draft("note", "Her sister rang: she worries about money troubles of her own and"
                                                         " asked that Amina is not told.", "A call")),
        "flag": (cast.okafor, 4, Draft("flag", "Money: a neighbour's nephew asked her for her card. Watch at visits.")),
        "working": (town.price, 3, Draft("working-note", "Think about: balance clinic? Ask Dr Okafor on Monday.")),
        "known": (cast.amina, 15, Draft("contribution", KNOWN, "What matters to me")),
        "night": (cast.amina, 8, Draft("experience", NIGHT, "My night in the emergency department")),
        "decided": (cast.amina, 5, Draft("decision", "No operation on my knee for now.", "My knee")),
    }  # fmt: skip
    return {
        name: await _added(ledger, _then(ledger, by, days), cast, draft) for name, (by, days, draft) in drafts.items()
    }


THERAPY: Final = (
    "Dear Mrs Diallo,\n\nWe have met six times now. You told me that mornings are easier than they were, and"
    " that you have"
    " begun to ring your friends again. We agreed on six more talks, every second Thursday.\n\nOn a bad night,"
    " the number"
    " on your card is answered by a person."
)
HOME_PLAN: Final = (
    "Morning: tablets from the blue box, breakfast, blood pressure.\nMidday: a hot meal. She likes to cook herself; sit"
    " with her.\nEvening: tablets from the white box. Lights in the hall stay on.\nIf she falls: do not lift"
    " her. Ring 999"
    " if she hit her head, otherwise the surgery."
)
AFTER_FALL: Final = (
    "Bruise on the left temple, fading. 138/84 sitting, 118/76 standing: dizzy for a moment. Rug in the hall taken up"
    " with her. She does not want an alarm to wear. We will talk about that again."
)
WALKING: Final = "The walking group meets on Tuesdays at ten by the library. It helps mood, knee and sugar alike."
CARE_NEEDS: Final = (
    "Needs help with shopping and the bath. Manages meals, dressing and money herself. Three visits a week by"
    " Brightside"
    " from Monday."
)
KNOWN: Final = (
    "I was a teacher for 34 years. Tell me the whole truth, and tell it to me first. I hear badly on the left,"
    " so sit on"
    " my right. Please say my name as A-mee-na."
)
NIGHT: Final = (
    "Everybody was kind, but nobody had my list of tablets, and I was asked the same things four times. The nurse who"
    " stayed with me at three o'clock: thank you."
)


async def _added(ledger: Ledger, by: By, cast: Cast, draft: Draft) -> str:
    return str((await ledger.items.add(by, cast.record, draft)).facts["item"])
