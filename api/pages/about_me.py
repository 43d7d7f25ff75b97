"""Know this about me: a patient's own words for every team that meets them for the first time.

It is one entry of the patient's own, found by what its data says it is, and changed by new words next to the old.
"""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import items, records
from api.http.bodies import InPath
from api.http.reading import LARGEST_PAGE, PageOfItems
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.headed import OWN, Prompts, fields_of, headings_of, members_of, text_in
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.matters import told
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.reading_for import PATIENT, read_for
from api.pages.rendering import PageRoute, own_page
from api.pages.said import AskedSaid, said_of

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
Item = Mapping[str, Any]
FORM: Final = {"form": "know-this-about-me"}
"""What the data of the entry says it is."""
PROMPTS: Final[Prompts] = {
    "call": (
        marked("What to call me, and how to talk with me"),
        marked("Speak slowly. Look at me. Tell me first what you are going to do. Write it down for me."),
    ),
    "language": (
        marked("My language, and an interpreter if I need one"),
        marked("Which language or sign language. A woman or a man, if it matters. Not my family."),
    ),
    "reading": (
        marked("How I read best"),
        marked("Easy read, large print, braille, aloud, or with somebody."),
    ),
    "matters": (marked("What matters to me"), marked("The people, the things and the days that I care about most.")),
    "upsets": (
        marked("What upsets me, and what helps then"),
        marked("Noise, touch, waiting, a place. And what to do, or not to do."),
    ),
    "people": (
        marked("Who to talk to"),
        marked("Who may be with me, and who should not be told anything. To let them read, use “Who can see what”."),
    ),
    "deciding": (
        marked("How I want to decide"),
        marked("For example: Decide with me. Or: decide for me, and tell me. Or: leave it to me."),
    ),
}
"""Each field with a heading: what it is called, and what one might write there."""
MOST: Final = 4000
_MOST_PAGES: Final = 20


@router.get(places.ABOUT_ME.path)
async def about_me(
    request: Request, call: Calling, record: InPath, purpose: AskedPurpose = None, said: AskedSaid = None
) -> Response:
    """What the patient wants known; where nothing is, a patient writes it."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    found, view = await read_about_me(call, record, purpose)
    if found is None and call.session.acting_as == "patient":
        return await _writing(request, call, record, empty(call, item=""))
    own = call.session.acting_as == "patient"
    return await own_page(
        request,
        call,
        "about_me.html",
        here=_HERE.get(call.session.acting_as, places.CARED_FOR),
        record=record,
        whose={"name": view["patient"]["name"] or _("Somebody"), "own": own},
        purpose=purpose,
        item=found,
        now=None if found is None else words_of(found),
        sections=[] if found is None else sections_of(found),
        said=await said_of(call, said),
    )


_HERE: Final = {"patient": places.RECORD, "clinician": places.FIND}


@router.get(places.ABOUT_ME_CHANGE.path)
async def changing(request: Request, call: Calling, record: InPath) -> Response:
    """Where a patient writes it, or writes it anew."""
    found, _view = await read_for(call, PATIENT, lambda: read_about_me(call, record, None))
    if found is None:
        return await _writing(request, call, record, empty(call, item=""))
    begun = empty(call, item=found["id"], **members_of(words_of(found)["text"], PROMPTS))
    return await _writing(request, call, record, begun)


@router.post("/forms/record/{record}/about-me")
async def write(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Keep it, the first time as an entry, then as new words next to the old."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        text = text_in(form, check, PROMPTS, MOST)
        check.done()
        if form.value("item"):
            await items.amend(speaking, record, form.value("item"), items.Amendment(text=text))
        else:
            new = items.NewItem(kind="contribution", title=_("Know this about me"), text=text, data=dict(FORM))
            await items.add(speaking, record, new)
        return places.ABOUT_ME({"said": form.statement}, record=record)

    return await sent(request, call, form, say, lambda form: _writing(request, call, record, form))


def about_me_of(view: Mapping[str, Any]) -> Item | None:
    """The entry in a view of the record, if it is there: the newest of the patient's own that still stands."""
    stands = (
        item
        for item in view["items"]
        if (item["data"] or {}).get("form") == FORM["form"]
        and item["author"]["id"] == view["patient"]["id"]
        and item["in_error"] is None
        and words_of(item)["text"]
    )
    return next(stands, None)


async def read_about_me(call: Call, record: str, purpose: str | None) -> tuple[Item | None, Mapping[str, Any]]:
    """The entry as this reader may see it, and the view it was looked for in. Raises as the operation does."""
    cursor = None
    for _page in range(_MOST_PAGES):
        asked = PageOfItems(purpose=purpose, kind=["contribution"], limit=LARGEST_PAGE, cursor=cursor)
        view = told(await records.read_record(call, record, asked))
        found, cursor = about_me_of(view), view["cursor"]
        if found is not None or cursor is None:
            break
    return found, view


def words_of(item: Item) -> dict[str, Any]:
    """The newest words of the entry, with who wrote them and when."""
    said = item["amendments"][-1] if item["amendments"] else item
    return {"text": said["text"] or "", "author": said["author"], "made_at": said["made_at"]}


def sections_of(item: Item) -> list[tuple[str | None, str]]:
    """Its newest words by heading, in the order of the form; what stands under none has None."""
    headings = headings_of(PROMPTS)
    fields = fields_of(words_of(item)["text"], headings)
    return [(headings.get(name), fields[name]) for name in (OWN, *headings) if fields.get(name)]


async def _writing(request: Request, call: Call, record: str, form: Filled) -> Response:
    return await own_page(
        request,
        call,
        "about_me_write.html",
        here=places.RECORD,
        record=record,
        whose={"name": None, "own": True},
        form=form,
        own=OWN,
        prompts=PROMPTS,
        headings=headings_of(PROMPTS),
        data=FORM,
        most=MOST,
    )
