"""One item: its words with what was said anew, what was said about it, and what a reader may say to it.

Nobody's words are replaced. What the patient disputes stands beside the passage, whatever comes of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import items, records
from api.http.bodies import InPath
from api.http.problems import UNKNOWN, Problem, Refused
from api.http.reading import OneItem
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.matters import told
from api.pages.passages import Passage, marked_in, spelled_as_in
from api.pages.places import Place
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.readings_shown import measured_in
from api.pages.record import entry_of, is_new, whose_of
from api.pages.rendering import PageRoute, own_page
from api.pages.said import AskedSaid, said_of
from ledger.core.terms import AGREEMENTS

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
Item = Mapping[str, Any]
MOST: Final = 10_000
"""Letters of a comment; whoever has more to say writes an entry of their own."""
MOST_QUOTED: Final = 2_000
_FORM: Final = "/forms/record/{record}/item/{item}"


@router.get(places.ITEM.path)
async def item_page(
    request: Request,
    call: Calling,
    record: InPath,
    item: InPath,
    *,
    purpose: AskedPurpose = None,
    said: AskedSaid = None,
    quote: str = "",
) -> Response:
    """An item with what is said about it. ``quote``: the passage that a comment is to be about."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    return await _page(request, call, record, item, purpose=purpose, said=said, form=empty(call, quote=quote))


@router.get(places.ITEM_DISPUTE.path)
async def dispute_page(request: Request, call: Calling, record: InPath, item: InPath, quote: str = "") -> Response:
    """Where the patient says that something is wrong, and is told what happens then."""
    return await _asking(request, call, record, item, template="item/dispute.html", form=empty(call, quote=quote))


@router.get(places.ITEM_AGREE.path)
async def agree_page(request: Request, call: Calling, record: InPath, item: InPath) -> Response:
    """Where the patient says whether they agree."""
    return await _asking(request, call, record, item, template="item/agree.html", form=empty(call))


@router.post(f"{_FORM}/comment")
async def comment(request: Request, call: Calling, record: InPath, item: InPath, form: Sent) -> Response:
    """Comment on an item, or on a passage of it."""
    purpose = form.value("purpose") or None

    async def say(speaking: Call) -> str:
        text, quote = await _said_of(speaking, record, item, form, _("Write your comment."))
        await items.comment(speaking, record, item, items.Comment(text=text, quote=quote))
        return places.ITEM({"purpose": purpose, "said": form.statement}, record=record, item=item) + "#said"

    async def again(refused: Filled) -> Response:
        return await _page(request, call, record, item, purpose=purpose, form=refused)

    return await sent(request, call, form, say, again)


@router.post(f"{_FORM}/dispute")
async def dispute(request: Request, call: Calling, record: InPath, item: InPath, form: Sent) -> Response:
    """Say that something is wrong; an answer is due within a month."""

    async def say(speaking: Call) -> str:
        text, quote = await _said_of(speaking, record, item, form, _("Write what is wrong."))
        await items.dispute(speaking, record, item, items.Comment(text=text, quote=quote))
        return places.ITEM({"said": form.statement}, record=record, item=item) + "#said"

    async def again(refused: Filled) -> Response:
        return await _asking(request, call, record, item, template="item/dispute.html", form=refused)

    return await sent(request, call, form, say, again)


@router.post(f"{_FORM}/agreement")
async def agree(request: Request, call: Calling, record: InPath, item: InPath, form: Sent) -> Response:
    """Say whether one agrees with an item."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        agreement = check.choice("agreement", AGREEMENTS, _("Choose one of the three."))
        text = check.text("text", None, MOST)
        check.done()
        await items.agree(speaking, record, item, items.Agreement(agreement=agreement, text=text or None))
        return places.ITEM({"said": form.statement}, record=record, item=item) + "#said"

    async def again(refused: Filled) -> Response:
        return await _asking(request, call, record, item, template="item/agree.html", form=refused)

    return await sent(request, call, form, say, again)


async def _said_of(call: Call, record: str, item: str, form: Filled, missing: str) -> tuple[str, str | None]:
    """What is said of an item, and the passage that it is about, as it is spelled there; raises Unfit."""
    check, purpose = Checks(form), form.value("purpose") or None
    text = check.text("text", missing, MOST)
    quote = check.text("quote", None, MOST_QUOTED)
    there: str | None = None
    if quote:
        shown, _view = await read(call, record, item, purpose)
        there = next((found for words in words_of(shown) if (found := spelled_as_in(words, quote))), None)
        if there is None:
            check.wrong("quote", _("These words are not in the entry. Copy them from it exactly, or leave this empty."))
    check.done()
    return text, there


async def read(call: Call, record: str, item: str, purpose: str | None) -> tuple[Item, Mapping[str, Any]]:
    """One item as this reader is shown it, and the view that it came in; raises Refused where it is not there."""
    view = told(await records.read_item(call, record, item, OneItem(purpose=purpose)))
    if not view["items"]:
        raise Refused(Problem(UNKNOWN, f"item {item}: there is none here"))
    return view["items"][0], view


def words_of(item: Item) -> Iterator[str]:
    """The texts of an item in which a passage may stand: the newest first."""
    for one in reversed(item["amendments"]):
        yield one["text"]
    if item["text"] is not None:
        yield item["text"]


async def _page(
    request: Request,
    call: Call,
    record: str,
    item: str,
    *,
    purpose: str | None = None,
    said: str | None = None,
    form: Filled,
) -> Response:
    shown, view = await read(call, record, item, purpose)
    return await own_page(
        request,
        call,
        "item.html",
        here=entry_of(call),
        record=record,
        form=form,
        whose=whose_of(call, view),
        view=view,
        item=_marked(call, shown),
        versions=versions_of(shown),
        measured=measured_in(shown),
        purpose=purpose,
        most=MOST,
        said=await said_of(call, said, [shown]),
    )


async def _asking(request: Request, call: Call, record: str, item: str, *, template: str, form: Filled) -> Response:
    """A page on which the patient says something about an item, with the item on it."""
    shown, view = await read(call, record, item, None)
    return await own_page(
        request,
        call,
        template,
        here=_OWN,
        record=record,
        form=form,
        whose=whose_of(call, view),
        item=_marked(call, shown),
        versions=versions_of(shown),
        measured=measured_in(shown),
        purpose=None,
        most=MOST,
    )


_OWN: Final[Place] = places.RECORD


def versions_of(item: Item) -> Sequence[Mapping[str, Any]]:
    """The words of an item, newest first: each version with its author, when, why, and passages that are talked of."""
    quotes = [child["quote"] for child in item["children"] if child["quote"]]
    first = {"text": item["text"], "author": item["author"], "made_at": item["made_at"], "reason": None}
    said = [first, *item["amendments"]]
    return [{**one, "passages": _passages(one["text"], quotes)} for one in reversed(said)]


def _passages(text: str | None, quotes: Sequence[str]) -> Sequence[Passage]:
    return [] if text is None else marked_in(text, quotes)


def _marked(call: Call, item: Item) -> Item:
    """An item and what stands under it, each with whether the reader wrote it, and what not every view tells."""
    return {
        "topics": (),
        "disputed": False,
        "due": None,
        "answer": None,
        "review": None,
        "agreements": (),
        "erased": None,
        "erasure_asked": None,
        "discussed": False,
        "copy_given": False,
        "imported": None,
        **item,
        "mine": item["author"]["id"] == call.session.person,
        "new": is_new(call, item),
        "children": [_marked(call, child) for child in item["children"]],
    }
