"""What is said of what was written: comments at passages, a letter that is disputed and corrected, wishes, secrets."""

from datetime import date
from typing import Final

from api.demo.cast import Cast
from api.demo.months import KNEE_LETTER
from api.demo.town import Town
from ledger.core.instants import DAY, Instant
from ledger.ledger import Ledger
from ledger.use_cases.items import Draft

WISH: Final = (
    "If I cannot speak for myself, ask Sam first. Sit on my right side, I hear better there.\n\nKeep me at home"
    " as long as"
    " it is safe. I do not want to be fed by a tube if I will not wake up again. I do want to be kept free of pain."
)
_RUNG: Final = "Said on the telephone that nights are hard. Asked me not to tell her that I told you."


async def answer_and_correct(ledger: Ledger, cast: Cast, town: Town, items: dict[str, str]) -> None:
    """What people answer each other. Some of it waits for an answer still, so that there is something to do."""
    await _correct(ledger, cast, items)
    await _discuss(ledger, cast, items)
    await _keep(ledger, cast, items)
    await _wish(ledger, cast)
    await _tell(ledger, cast, town)


async def _correct(ledger: Ledger, cast: Cast, items: dict[str, str]) -> None:
    say, record, letter = ledger.items, cast.record, items["letter"]
    wrong = await say.dispute(cast.amina, record, letter, "It is my right knee. It always was.", quote="left knee")
    right = KNEE_LETTER.replace("left knee", "right knee")
    await say.amend(cast.okafor, record, letter, right, reason="The side was wrong. The X-ray shows it.")
    answer = "You are right, and I am sorry. It is corrected, and the hospital knows."
    await say.answer_dispute(cast.okafor, record, str(wrong.facts["item"]), "amended", answer)
    shopping = "I do my own shopping. Sam only carries the heavy things."
    await say.dispute(cast.amina, record, letter, shopping, quote="does not manage her own shopping")


async def _discuss(ledger: Ledger, cast: Cast, items: dict[str, str]) -> None:
    say, record, amina = ledger.items, cast.record, cast.amina
    passage = "Please look at her blood pressure tablets"
    asked = await say.comment(amina, record, items["stay"], "Which of my tablets is meant?", quote=passage)
    answer = "The amlodipine. Take half of one until we have met."
    await say.reply(cast.okafor, record, str(asked.facts["item"]), answer)
    passage = "She does not want an alarm to wear"
    again = "I have thought about it. A bracelet would be all right."
    await say.comment(amina, record, items["after-fall"], again, quote=passage)
    await say.agree(amina, record, items["home"], "agree")
    alone = "I can have a bath by myself if there is a rail."
    await say.agree(amina, record, items["care-needs"], "disagree", text=alone)


async def _keep(ledger: Ledger, cast: Cast, items: dict[str, str]) -> None:
    now = ledger.clock()
    until, review = Instant(now + 5 * DAY), Instant(now + 90 * DAY)
    await ledger.items.hold(cast.okafor, cast.record, items["scan"], until, "To be told in person on Thursday.")
    await ledger.items.withhold(
        cast.okafor, cast.record, items["sister"], kept_from="patient", ground="third-party",
        opinion=_day(now), review=_day(review), reason="It is about the sister's own money, and she asked for it.",
    )  # fmt: skip


async def _wish(ledger: Ledger, cast: Cast) -> None:
    first = await ledger.wishes.draft(cast.amina, cast.record, WISH, title="If I cannot speak for myself")
    await ledger.wishes.sign(cast.amina, cast.record, str(first.facts["item"]))
    with_cat = f"{WISH}\n\nGrace takes my cat."
    await ledger.wishes.draft(cast.amina, cast.record, with_cat, title="If I cannot speak for myself, with my cat")
    await ledger.representation.wish_after_death(cast.amina, cast.record, "ask-guardian")


async def _tell(ledger: Ledger, cast: Cast, town: Town) -> None:
    """What carers tell the team: one openly, one in confidence, of whom leave to share it was asked."""
    await ledger.items.add(
        cast.sam, cast.record, Draft("contribution", "She has eaten well since Monday, and laughed a lot.", "This week")
    )
    told = await ledger.items.add(
        town.grace, cast.record, Draft("contribution", _RUNG, "A bad night", in_confidence=True)
    )
    asking = "May I tell Amina that you rang? It would be easier to help her."
    await ledger.items.ask_leave(cast.okafor, cast.record, str(told.facts["item"]), asking)


def _day(at: Instant) -> date:
    return date.fromtimestamp(at / 1000)
