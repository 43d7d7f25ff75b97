"""What is done about one item: said anew, marked, kept back, answered. Each has a page of its own.

What may be done is the ledger's to say; a page offers what makes sense of an item as its reader is shown it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http import items, records
from api.http.bodies import InPath, OnlyBody
from api.http.problems import UNKNOWN, Problem, Refused
from api.http.reading import OneItem
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.language import local_day, marked
from api.pages.matters import told
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.rendering import PageRoute, own_page
from api.pages.until import until_day
from ledger.core.authority_items import FOR_SCREENS_ONLY
from ledger.core.instants import Instant, format_instant, parse_instant
from ledger.core.item_facts import HELD_AT_MOST
from ledger.core.terms import GROUNDS, TOPICS

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
Item = Mapping[str, Any]
Withholding = Annotated[str | None, Query(max_length=36)]


@dataclass(frozen=True, slots=True)
class On:
    """One item that something is said about: the record, its own id, the item as its reader sees it, and the form."""

    record: str
    item: str
    shown: Item
    form: Filled


@dataclass(frozen=True, slots=True)
class Change:
    """What can be done about an item: its template, which names what it says, and how it is said."""

    name: str
    say: Callable[[Call, On, Checks], Awaitable[object]]


async def _amend(call: Call, on: On, check: Checks) -> None:
    text = check.text("text", _("Write what it should say."))
    reason = check.text("reason", None, 4000)
    check.done()
    await items.amend(call, on.record, on.item, items.Amendment(text=text, reason=reason or None))


async def _mark_in_error(call: Call, on: On, check: Checks) -> None:
    what = check.choice("what", ("in-error", "wrong-record"), _("Choose what is wrong."))
    reason = check.text("reason", _("Write why."))
    check.choice("known", ("yes",), _("Tick that you know what happens."))
    check.done()
    body = items.InError(reason=reason, wrong_record=what == "wrong-record")
    await items.mark_in_error(call, on.record, on.item, body)


async def _set_topics(call: Call, on: On, check: Checks) -> None:
    topics = check.choices("topics", topics_of(on.shown))
    check.done()
    await items.set_topics(call, on.record, on.item, items.TopicsAnew(topics=topics))


async def _withhold(call: Call, on: On, check: Checks) -> None:
    kept_from = check.choice("from", ("patient", "carers", "screen"), _("Choose from whom it is kept."))
    ground = check.choice("ground", GROUNDS, _("Choose the ground."))
    if ground in FOR_SCREENS_ONLY and kept_from in ("patient", "carers"):
        check.wrong("ground", _("This ground is only for keeping something off every screen."))
    opinion = check.day("opinion", _("Write on which day the opinion was formed."))
    review = check.day("review", _("Write when this is looked at again."))
    reason = check.text("reason", _("Write why."))
    check.done()
    body = {"from": kept_from, "ground": ground, "opinion_date": opinion, "review_date": review, "reason": reason}
    await items.withhold(call, on.record, on.item, items.NewWithholding.model_validate(body))


async def _lift(call: Call, on: On, check: Checks) -> None:
    withholding = check.text("withholding", _("Choose what is lifted."), 36)
    reason = check.text("reason", None, 4000)
    check.done()
    await items.lift(call, on.record, on.item, withholding, items.Lifting(reason=reason or None))


async def _hold(call: Call, on: On, check: Checks) -> None:
    until = until_day(check, "until", _("Write until when."), _held_at_most(on.shown))
    reason = check.text("reason", _("Write why it is better to tell it in person."))
    check.done()
    await items.hold(call, on.record, on.item, items.Hold.model_validate({"until": until, "reason": reason}))


async def _release(call: Call, on: On, check: Checks) -> None:
    check.done()
    await items.release(call, on.record, on.item, OnlyBody())


async def _reply(call: Call, on: On, check: Checks) -> None:
    text = check.text("text", _("Write your reply."))
    check.done()
    await items.reply(call, on.record, on.item, items.Reply(text=text))


async def _answer_dispute(call: Call, on: On, check: Checks) -> None:
    outcome = check.choice("outcome", ("amended", "declined"), _("Choose what you decided."))
    reason = check.text("reason", _("Write why. The patient reads this."))
    check.done()
    await items.answer_dispute(call, on.record, on.item, items.DisputeAnswer(outcome=outcome, reason=reason))


async def _review_dispute(call: Call, on: On, check: Checks) -> None:
    outcome = check.choice("outcome", ("upheld", "overturned"), _("Choose what you found."))
    reason = check.text("reason", _("Write why. The patient reads this."))
    check.done()
    await items.review_dispute(call, on.record, on.item, items.SecondReview(outcome=outcome, reason=reason))


async def _ask_leave(call: Call, on: On, check: Checks) -> None:
    text = check.text("text", _("Write what you ask the carer."))
    check.done()
    await items.ask_leave(call, on.record, on.item, items.LeaveAsked(text=text))


CHANGES: Final[Mapping[str, Change]] = {
    "a": Change("amend", _amend),
    "b": Change("in_error", _mark_in_error),
    "c": Change("topics", _set_topics),
    "d": Change("withhold", _withhold),
    "e": Change("lift", _lift),
    "f": Change("hold", _hold),
    "g": Change("release", _release),
    "h": Change("reply", _reply),
    "j": Change("answer_dispute", _answer_dispute),
    "k": Change("review_dispute", _review_dispute),
    "l": Change("ask_leave", _ask_leave),
}
"""By the letter in the address: a browser's history does not tell what somebody did."""
KEPT_FROM: Final[Mapping[str, str]] = {
    "patient": marked("From the patient"),
    "carers": marked("From carers"),
    "screen": marked("From every screen"),
}


@router.get(places.ITEM_CHANGE.path)
async def change_page(
    request: Request,
    call: Calling,
    record: InPath,
    item: InPath,
    change: str,
    *,
    purpose: AskedPurpose = None,
    withholding: Withholding = None,
) -> Response:
    """The page of one change, with the item as it is."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    return await _page(request, call, record, item, change, purpose=purpose, withholding=withholding or "")


@router.post("/forms/record/{record}/item/{item}/change/{change}")
async def carry_out(
    request: Request, call: Calling, record: InPath, item: InPath, change: str, *, form: Sent
) -> Response:
    """Say what the form of a change says."""
    purpose = form.value("purpose") or None

    async def say(speaking: Call) -> str:
        # What stands in the item is read only where what is said depends on it.
        shown = await _shown(call, record, item, purpose) if _one(change).name in ("hold", "topics") else {}
        await _one(change).say(speaking, On(record, item, shown, form), Checks(form))
        return _onwards(call, record, item, change, {"purpose": purpose, "said": form.statement})

    async def again(refused: Filled) -> Response:
        return await _page(request, call, record, item, change, purpose=purpose, form=refused)

    return await sent(request, call, form, say, again)


def _onwards(call: Call, record: str, item: str, change: str, query: dict[str, str | list[str] | None]) -> str:
    """Back to the item; the privacy officer, to whom items have no words, goes back to what is due."""
    if call.session.acting_as == "guardian":
        return places.TODAY()
    if change == "b":
        return places.RECORD(query, record=record) + "#said"
    return places.ITEM(query, record=record, item=item) + "#said"


async def _page(
    request: Request,
    call: Call,
    record: str,
    item: str,
    change: str,
    *,
    purpose: str | None,
    form: Filled | None = None,
    withholding: str = "",
) -> Response:
    one = _one(change)
    shown = await _shown(call, record, item, purpose)
    begun = empty(call, withholding=withholding, topics=shown.get("topics") or (), text=_begins_with(one, shown))
    return await own_page(
        request,
        call,
        f"item/changes/{one.name}.html",
        record=record,
        whose=shown["whose"],
        form=form or begun,
        purpose=purpose,
        change=change,
        item=shown,
        topics=topics_of(shown),
        grounds=GROUNDS,
        kept_from=KEPT_FROM,
        latest=local_day(format_instant(_held_at_most(shown))) if "recorded_at" in shown else None,
    )


async def _shown(call: Call, record: str, item: str, purpose: str | None) -> dict[str, Any]:
    """The item as the API shows it to this reader, with whose record it is.

    A privacy officer is shown that it is there, and no words.
    """
    view = told(await records.read_item(call, record, item, OneItem(purpose=purpose)))
    overseen = isinstance(view["patient"], str)
    own = not overseen and view["patient"]["id"] == call.session.person
    whose = None if overseen else {"name": view["patient"]["name"], "own": own}
    [shown] = view["items"]
    kept = [{"id": one["id"], "from": one["kept_from"], "ground": one["ground"]} for one in _kept(shown)]
    unseen: dict[str, Any] = {"title": None, "text": None, "amendments": (), "answer": None}
    return {**unseen, **shown, "whose": whose, "kept": kept, "overseen": overseen}


def _begins_with(one: Change, shown: Item) -> str:
    """The words that a form begins with: a correction begins with what is said now."""
    if one.name != "amend":
        return ""
    return str(shown["amendments"][-1]["text"] if shown["amendments"] else shown["text"] or "")


def _kept(shown: Item) -> list[Item]:
    """What keeps an item back; what is hidden by default has the item's own id."""
    kept = list(shown.get("withholdings", shown.get("withheld", ())))
    if shown.get("hidden_by_default"):
        kept.append({"id": shown["id"], "kept_from": "screen", "ground": "domestic-abuse"})
    return kept


def topics_of(shown: Item) -> list[str]:
    """The topics that can be ticked: those that everybody has, and what the item has beside them."""
    return [*TOPICS, *(topic for topic in shown.get("topics") or () if topic not in TOPICS)]


def _held_at_most(shown: Item) -> Instant:
    return Instant(parse_instant(shown["recorded_at"]) + HELD_AT_MOST)


def _one(change: str) -> Change:
    if change not in CHANGES:
        raise Refused(Problem(UNKNOWN, "change: got one that there is not; go back to the item"))
    return CHANGES[change]
