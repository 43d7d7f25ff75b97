"""My wishes: advance statements, written with help, compared, signed word by word, reviewed and withdrawn."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http import items, records, wishes
from api.http.bodies import UUID_PATTERN, InPath, OnlyBody
from api.http.problems import UNKNOWN, Problem, Refused
from api.http.reading import OneItem, PageOfItems
from api.http.service import Call, Calling
from api.pages import places
from api.pages.account import Cursor
from api.pages.counting import with_numbers
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.headed import OWN, Prompts, digest_of, fields_of, headings_of, members_of, text_in
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.matters import told
from api.pages.rendering import PageRoute, own_page
from api.pages.said import AskedSaid, kept_as_a_draft, said_of
from api.pages.versions import compared

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
LISTED: Final = 25
MOST: Final = 8000
_MOST_TITLE: Final = 200
OUTCOMES: Final = ("confirmed", "to-be-changed")
PROMPTS: Final[Prompts] = {
    "matters": (
        marked("What matters to me"),
        marked("What calms you, and what makes things worse. Food, faith, music, sleep. How you like to be spoken to."),
    ),
    "treatments": (
        marked("Treatments and places I prefer"),
        marked("What has helped before, and what has not. Where you would like to be, and where not."),
    ),
    "looks_after": (
        marked("Who looks after my children, pets and home"),
        marked("Names, and how to reach them. Who has a key. What must not be forgotten."),
    ),
    "tell": (
        marked("Whom to tell when I am unwell"),
        marked("And whom not to tell. What these people may know."),
    ),
    "see": (
        marked("Who may see my record when I am unwell"),
        marked("And who still should see nothing. This is a wish. To share for real, use “Who can see what”."),
    ),
}
"""Each field with a heading: what it is called, and what one might write there."""
_FORM: Final = "/forms/record/{record}/wishes"
From = Annotated[str | None, Query(pattern=UUID_PATTERN)]
Version = Annotated[int | None, Query(ge=0, le=10_000)]


@router.get(places.WISHES.path)
async def listed(request: Request, call: Calling, record: InPath, cursor: Cursor = None) -> Response:
    """One's advance statements, newest first, and what such a statement is."""
    asked = PageOfItems(limit=LISTED, cursor=cursor, kind=["wishes"])
    view = told(await records.read_record(call, record, asked))
    shown = [{**one, "stands": _standing(one)[0]} for one in view["items"]]
    return await own_page(
        request,
        call,
        "wishes.html",
        here=places.WISHES,
        record=record,
        whose=_whose(call, view),
        shown=shown,
        cursor=view["cursor"],
        first=cursor is None,
    )


@router.get(places.WISH_NEW.path)
async def new(
    request: Request, call: Calling, record: InPath, start: Annotated[From, Query(alias="from")] = None
) -> Response:
    """Where a statement is begun, with the words of an older one if it is to begin with those."""
    given: dict[str, str] = {}
    if start is not None:
        wish, _view = await _read(call, record, start)
        given = {"title": wish["title"] or "", **fields_of(versions_of(wish)[-1]["text"], headings_of(PROMPTS))}
    return await _writing(request, call, record, None, empty(call, **given))


@router.post(_FORM)
async def draft(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Keep a statement as a draft."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        title = check.text("title", None, _MOST_TITLE)
        text = text_in(form, check, PROMPTS, MOST)
        check.done()
        answer = told(await wishes.draft(speaking, record, wishes.NewWish(text=text, title=title or None)))
        return places.WISH({"said": form.statement}, record=record, item=answer["ids"]["item"]) + "#said"

    return await sent(request, call, form, say, lambda form: _writing(request, call, record, None, form))


@router.get(places.WISH.path)
async def wish(request: Request, call: Calling, record: InPath, item: InPath, said: AskedSaid = None) -> Response:
    """One statement: its words, how it stands, and what can be done with it."""
    return await _about(request, call, "wishes_one.html", record, item, form=empty(call), said=said)


@router.get(places.WISH_CHANGE.path)
async def changing(request: Request, call: Calling, record: InPath, item: InPath) -> Response:
    """Where a draft is changed."""
    wish, _view = await _read(call, record, item)
    text = versions_of(wish)[-1]["text"]
    return await _writing(request, call, record, wish, empty(call, **members_of(text, PROMPTS)))


@router.post(_FORM + "/{item}/change")
async def change(request: Request, call: Calling, record: InPath, item: InPath, form: Sent) -> Response:
    """Say a draft anew; the old words stay beside the new."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        text = text_in(form, check, PROMPTS, MOST)
        check.done()
        await items.amend(speaking, record, item, items.Amendment(text=text))
        return places.WISH({"said": form.statement}, record=record, item=item) + "#said"

    async def again(form: Filled) -> Response:
        wish, _view = await _read(call, record, item)
        return await _writing(request, call, record, wish, form)

    return await sent(request, call, form, say, again)


@router.get(places.WISH_VERSIONS.path)
async def versions(
    request: Request, call: Calling, record: InPath, item: InPath, *, old: Version = None, new: Version = None
) -> Response:
    """Two versions of a statement side by side, the last two if none are named."""
    wish, view = await _read(call, record, item)
    all_of_it = versions_of(wish)
    later = min(len(all_of_it) - 1 if new is None else new, len(all_of_it) - 1)
    earlier = min(max(later - 1, 0) if old is None else old, len(all_of_it) - 1)
    return await own_page(
        request,
        call,
        "wishes_versions.html",
        here=places.WISHES,
        record=record,
        whose=_whose(call, view),
        wish=wish,
        versions=all_of_it,
        earlier=earlier,
        later=later,
        compared=compared(all_of_it[earlier]["text"], all_of_it[later]["text"]),
        choices=[(str(n), _version(n)) for n in range(len(all_of_it))],
        form=Filled({"old": (str(earlier),), "new": (str(later),)}, ""),
    )


@router.get(places.WISH_SIGN.path, operation_id="wishes.sign")
async def signing(request: Request, call: Calling, record: InPath, item: InPath) -> Response:
    """The very words, to be read once more and signed."""
    return await _signing(request, call, record, item, empty(call))


@router.post(_FORM + "/{item}/sign", operation_id="wishes.sign")
async def sign(request: Request, call: Calling, record: InPath, item: InPath, form: Sent) -> Response:
    """Sign a statement, if it still has the words that the page showed."""

    async def say(speaking: Call) -> str:
        wish, _view = await _read(call, record, item)
        check = Checks(form)
        if form.value("shown") != digest_of(versions_of(wish)[-1]["text"]):
            check.wrong("", _("The words were changed meanwhile. Read them again before you sign."))
        check.done()
        await wishes.sign(speaking, record, item, OnlyBody())
        return places.WISH({"said": form.statement}, record=record, item=item) + "#said"

    return await sent(request, call, form, say, lambda form: _signing(request, call, record, item, form))


@router.post(_FORM + "/{item}/review", operation_id="wishes.review")
async def review(request: Request, call: Calling, record: InPath, item: InPath, form: Sent) -> Response:
    """Say whether a signed statement is still right."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        outcome = check.choice("outcome", OUTCOMES, _("Choose whether it is still right."))
        text = check.text("text", None, MOST)
        check.done()
        await wishes.review(speaking, record, item, wishes.WishReview(outcome=outcome, text=text or None))
        return places.WISH({"said": form.statement}, record=record, item=item) + "#said"

    return await sent(request, call, form, say, lambda form: _shown(request, call, record, item, form))


@router.get(places.WISH_WITHDRAW.path, operation_id="wishes.withdraw")
async def withdrawing(request: Request, call: Calling, record: InPath, item: InPath) -> Response:
    """What it means to withdraw a statement, and where that is done."""
    return await _withdrawing(request, call, record, item, empty(call))


@router.post(_FORM + "/{item}/withdraw", operation_id="wishes.withdraw")
async def withdraw(request: Request, call: Calling, record: InPath, item: InPath, form: Sent) -> Response:
    """Withdraw a statement."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        text = check.text("text", None, MOST)
        check.done()
        await wishes.withdraw(speaking, record, item, wishes.WishWithdrawal(text=text or None))
        return places.WISH({"said": form.statement}, record=record, item=item) + "#said"

    return await sent(request, call, form, say, lambda form: _withdrawing(request, call, record, item, form))


def versions_of(wish: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every version of a statement's words, the first first: ``text``, ``author``, ``made_at``; erased words are ""."""
    first = {"text": wish["text"] or "", "author": wish["author"], "made_at": wish["made_at"]}
    return [first, *({**one, "text": one["text"] or ""} for one in wish["amendments"])]


def _standing(wish: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """The version that stands: the one that was signed, or else the last; and what was written after signing."""
    said, signed_at = versions_of(wish), wish["wish"]["signed_at"]
    after = [] if signed_at is None else [one for one in said[1:] if one["made_at"] > signed_at]
    return said[-1 - len(after)], after


async def _read(call: Call, record: str, item: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A statement, and the view it came in; raises Refused for an item of another kind, as for one not there."""
    view = told(await records.read_item(call, record, item, OneItem()))
    wish: dict[str, Any] = view["items"][0]
    if wish["wish"] is None:
        raise Refused(
            Problem(UNKNOWN, f"item {item}: got a {wish['kind']}, wanted an advance statement; open the item")
        )
    return wish, view


async def _writing(request: Request, call: Call, record: str, wish: Mapping[str, Any] | None, form: Filled) -> Response:
    return await own_page(
        request,
        call,
        "wishes_write.html",
        here=places.WISHES,
        record=record,
        whose={"name": None, "own": True},
        wish=wish,
        form=form,
        own=OWN,
        prompts=PROMPTS,
        headings=headings_of(PROMPTS),
        most=MOST,
        most_title=_MOST_TITLE,
    )


async def _shown(request: Request, call: Call, record: str, item: str, form: Filled) -> Response:
    return await _about(request, call, "wishes_one.html", record, item, form=form)


async def _signing(request: Request, call: Call, record: str, item: str, form: Filled) -> Response:
    return await _about(request, call, "wishes_sign.html", record, item, form=form)


async def _withdrawing(request: Request, call: Call, record: str, item: str, form: Filled) -> Response:
    return await _about(request, call, "wishes_withdraw.html", record, item, form=form)


async def _about(
    request: Request, call: Call, template: str, record: str, item: str, *, form: Filled, said: str | None = None
) -> Response:
    """A page about one statement: with its words as they were signed, or else its last, and what came after signing."""
    wish, view = await _read(call, record, item)
    whose = _whose(call, view)
    current, after = _standing(wish)
    return await own_page(
        request,
        call,
        template,
        here=places.WISHES,
        record=record,
        whose=whose,
        wish=wish,
        state=wish["wish"]["state"],
        current=current,
        after=after,
        changed=bool(wish["amendments"]),
        mine=whose["own"],
        may_change=wish["author"]["id"] == call.session.person,
        digest=digest_of(current["text"]),
        form=form,
        most=MOST,
        said=await _said(call, said, wish),
    )


async def _said(call: Call, statement: str | None, wish: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What was just said of a statement; new words of a draft are those of a draft."""
    said = await said_of(call, statement, [wish])
    if said is None or said["type"] != "item-amended" or wish["wish"]["state"] != "draft":
        return said
    return {**said, "done": kept_as_a_draft(call)}


def _whose(call: Call, view: Mapping[str, Any]) -> dict[str, Any]:
    own = call.session.acting_as == "patient" and view["patient"]["id"] == call.session.person
    return {"name": view["patient"]["name"], "own": own}


def _version(number: int) -> str:
    return _("The first words") if number == 0 else with_numbers(_("Change %(number)s"), number=number)
