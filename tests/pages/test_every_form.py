"""Whatever is typed into whichever form: it is recorded once, or shown again with all of it and with what is wrong.

And what the service would have signed of it is what was typed and chosen there, as the page finds out by itself.
"""

import copy
import html
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from api.http.cookies import SESSION
from api.pages.forms import MOST_LETTERS
from api.pages.language import local_day
from ledger.core.instants import HOUR, format_instant, parse_instant
from tests.browser.test_modules import Modules, running_modules
from tests.http.served import Served, statement_id
from tests.pages.at_work import plain
from tests.pages.crawling import Found, every_form, post, send
from tests.pages.filling import KINDS, Form, forms_of, read, shape_of
from tests.sign_in.browser import Browser
from tests.thorough import times

pytestmark = pytest.mark.asyncio(loop_scope="module")
SEVERAL: Final = {
    "/forms/record/*/preset": "a preset is carried out as the directives that mean it",
    "/forms/record/*/new-carer": "the service registers somebody, then the patient names them",
    "/forms/record/*/carers/invite": "the service registers somebody, then the patient names them",
    "/forms/staff/people": "the service enrols a key for whoever is registered",
    "/forms/staff/people/*/leave": "ends each role, team and key by itself",
}
"""Forms that may say more than one statement, each with the reason."""
NOT_SAID: Final = frozenset({"disclosure-made/1", "attempt-refused/1", "directory-read/1"})
"""What the service itself records when somebody looks, or is refused."""
NOT_DRAFTED: Final = {
    "item-topics-set/1": "nobody comes by an entry of their own in its first pages",
    "result-held/1": "no result waits there",
}
"""What a form says that nobody comes by who may say it. See tests/browser/test_binding.py for what it is made of."""
_EVERY = times(4, 1)
"""Each kind of text is tried in every so many-th form, in others than the kind before; where it matters, in each."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forms(house: Served) -> list[Found]:
    return await every_form(house)


def wrong_with(answer: httpx.Response, form: Form, typed: str) -> list[str]:
    """What is wrong with how a form was answered."""
    if answer.status_code == 303:
        return []
    if answer.status_code >= 500:
        return [f"answered {answer.status_code}"]
    if answer.status_code == 200:
        return []  # shown once, such as a link to hand on
    page = read(answer.text)
    if not form.typed and answer.status_code in (403, 404):
        return []  # there was nothing to lose: the page says that it is over, in words
    wrong = [] if page.summary or "nhsuk-error-summary" in answer.text else [f"{answer.status_code} without a summary"]
    wrong += [f"the summary leads to {href}, which is not there" for href in page.summary if href[1:] not in page.ids]
    kept = html.unescape(answer.text).replace("\r\n", "\n")
    wanted = typed.replace("\r\n", "\n").replace("\x00", "").strip()
    if form.typed and wanted and wanted not in kept.replace("\x00", ""):
        wrong.append(f"{answer.status_code}, and what was typed is lost")
    return wrong


def filled_with(form: Form, typed: str) -> list[tuple[str, str]]:
    """A form with this in each field; what is longer than a field holds, in the first alone, as all must fit a body."""
    pairs = form.filled(typed, statement=statement_id())
    first = next(iter(form.typed), None)
    return [(name, value[:100] if len(value) > MOST_LETTERS and name != first else value) for name, value in pairs]


async def said_by(house: Served, before: int) -> list[str]:
    return [kind for kind in await house.said(before) if kind not in NOT_SAID]


async def test_there_are_forms_of_everybody(forms: list[Found]) -> None:
    assert len(forms) >= 60
    assert {one.by.acting_as for one in forms} >= {"patient", "carer", "clinician", "guardian", "administrator"}


@pytest.fixture(scope="module")
def modules() -> Iterator[Modules]:
    with running_modules() as running:
        yield running


def filled_well(house: Served, form: Form) -> list[tuple[str, str]]:
    """A form as somebody fills it in who means it."""
    story, today = house.story, local_day(house.story.ledger.clock())
    given = {
        "record": story.record, "patient": story.bert.person, "who": story.moss.person, "person": story.amina.person,
        "quote": "", "profile": "", "value": "7.2", "time": "", "name": "Weight", "nhs_number": "943 476 5919",
        "opens": "9:00", "closes": "17:30", "zone": "Europe/London", "of": "person",
    }  # fmt: skip
    given |= {name: story.sam.person for name in form.typed if name.startswith("person-")}
    for field in {name.removesuffix("-day") for name in form.typed if name.endswith("-day")}:
        on = today + timedelta(days=-2 if field in ("day", "opinion", "from") else 5)
        given |= {f"{field}-{part}": str(getattr(on, part)) for part in ("day", "month", "year")}
    sent = form.filled("What I\r\nmean. ", statement=statement_id())
    typed = {"of", *form.typed}
    return [(name, given.get(name, value) if name in typed else value) for name, value in sent if name != "hold"]


def altered(draft: dict[str, Any], statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The same draft, each time with one thing changed that the form knows; by what is changed."""
    for part in ("facts", "words"):
        for name, source in (statement[part] or {}).items():
            if "made" in source or draft[part] is None:
                continue
            other = copy.deepcopy(draft)
            other[part][name] = another(draft[part][name])
            yield f"{part}.{name}", other
        yield f"{part} has more", {**draft, part: {**(draft[part] or {}), "more": "Agreed."}}
    yield "type", {**draft, "type": "sharing-stopped/1" if draft["type"] != "sharing-stopped/1" else "item-added/1"}


def another(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, list):
        return [*value, {"kind": "kind", "of": "note"}]
    if isinstance(value, dict):
        return {**value, "kind": "another"}
    if isinstance(value, str) and value.endswith("Z"):
        return format_instant(parse_instant(value) + 72 * HOUR)
    return f"Not {value}"


async def test_what_would_be_signed_is_what_was_chosen_and_nothing_else_would_be(
    house: Served, forms: list[Found], modules: Modules
) -> None:
    wrong, drafted = [], set()
    for one in (found for found in forms if found.form.statements):
        async with Browser.of(house) as browser:
            await browser.begin(one.by)
            pairs = filled_well(house, one.form)
            answer = await post(browser, one.form, pairs, **{"x-signing": "draft"})
        named = f"{one.by.acting_as} {one.page} {shape_of(one.form)}"
        if answer.status_code == 422 and not read(answer.text).summary:
            continue  # it is not theirs to say; what is on no other page is named below
        if answer.status_code != 200:
            wrong.append(f"{named}: {answer.status_code} {plain(answer)[:300]}")
            continue
        draft = answer.json()["sign"]
        drafted.add(draft["type"])
        asked = {"says": one.form.statements, "pairs": pairs, "now": house.story.ledger.clock()}
        if not binds(modules, draft, asked):
            wrong.append(f"{named}: is not what was chosen: {draft}")
        statement = next(listed for listed in one.form.statements if listed["type"] == draft["type"])
        changed = altered(draft, statement)
        wrong += [f"{named}: {what} may be another: {other}" for what, other in changed if binds(modules, other, asked)]
    assert not wrong, "\n".join(wrong)
    assert {kind for one in forms for kind in one.form.says} - drafted == set(NOT_DRAFTED)


def binds(modules: Modules, draft: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Would the page sign this draft?"""
    told = modules.try_to("bound", draft=draft, **asked)
    assert told in ({"told": None}, {"error": f"Error: {draft['type']}"}), told
    return "told" in told


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_is_typed_is_recorded_once_or_shown_again(house: Served, forms: list[Found], kind: str) -> None:
    typed, wrong = KINDS[kind](), []
    for one in forms[list(KINDS).index(kind) % _EVERY :: _EVERY]:
        async with Browser.of(house) as browser:
            await browser.begin(one.by)
            pairs, before = filled_with(one.form, typed), await house.size()
            first = await post(browser, one.form, pairs)
            once = await said_by(house, before)
            again = await post(browser, one.form, pairs)
            twice = await said_by(house, before)
            named = f"{one.by.acting_as} {one.page} {shape_of(one.form)}"
            wrong += [f"{named}: {fault}" for fault in wrong_with(first, one.form, typed)]
            wrong += [f"{named}, sent twice: {fault}" for fault in wrong_with(again, one.form, typed)]
            if len(once) > 1 and shape_of(one.form) not in SEVERAL:
                wrong.append(f"{named}: said {once}")
            if twice != once:
                wrong.append(f"{named}: sent twice it says {twice[len(once) :]} more")
    assert not wrong, "\n".join(wrong)


async def test_sent_again_with_other_words_it_is_asked_whether_that_is_something_new(
    house: Served, forms: list[Found]
) -> None:
    wrong = []
    for one in (found for found in forms if found.form.typed):
        async with Browser.of(house) as browser:
            await browser.begin(one.by)
            statement, other = statement_id(), "Something else, written after going back."
            first = await post(browser, one.form, one.form.filled("What I wrote first.", statement=statement))
            before = await house.size()
            again = await post(browser, one.form, one.form.filled(other, statement=statement))
            said = await said_by(house, before)
            named = f"{one.by.acting_as} {one.page} {shape_of(one.form)}"
            wrong += [f"{named}: {fault}" for fault in wrong_with(again, one.form, other)]
            if first.status_code == 303 and "statement" in dict(one.form.filled()) and said:
                wrong.append(f"{named}: said {said} under an id that was used")
    assert not wrong, "\n".join(wrong)


async def test_two_who_send_the_same_at_once_are_both_answered_in_words(house: Served, forms: list[Found]) -> None:
    wrong, typed = [], "Both of us wrote this."
    for one in forms:
        async with Browser.of(house) as browser, Browser.of(house) as other:
            await browser.begin(one.by)
            await other.begin(one.by)
            answers = [
                await post(device, one.form, one.form.filled(typed, statement=statement_id()))
                for device in (browser, other)
            ]
            named = f"{one.by.acting_as} {one.page} {shape_of(one.form)}"
            wrong += [f"{named}: {fault}" for answer in answers for fault in wrong_with(answer, one.form, typed)]
    assert not wrong, "\n".join(wrong)


async def test_nothing_that_was_typed_is_lost_where_the_session_ended_meanwhile(
    house: Served, forms: list[Found]
) -> None:
    wrong, typed = [], "I wrote this for a long time, until I was signed out.\nAnd this as well, with “quotes”."
    for one in (found for found in forms if found.form.typed):
        async with Browser.of(house) as browser:
            await browser.begin(one.by)
            pairs = [(name, browser.csrf if name == "csrf" else value) for name, value in one.form.filled(typed)]
            named = f"{one.by.acting_as} {one.page} {shape_of(one.form)}"
            browser.cookies.pop(SESSION)
            ended = await send(browser, one.form.action, pairs)
            wrong += [f"{named}, signed out: {fault}" for fault in kept_wrong(ended, one.form, typed, 401)]
            await browser.begin(one.by)
            back = await send(browser, one.form.action, pairs)  # with the token of the session that is over
            wrong += [f"{named}, signed in again: {fault}" for fault in kept_wrong(back, one.form, typed, 403)]
            before = await house.size()
            for kept in (form for form in forms_of(back.text) if form.action == one.form.action):
                answer = await send(browser, kept.action, kept.filled())
                wrong += [f"{named}, sent now: {fault}" for fault in wrong_with(answer, one.form, typed)]
            said = await said_by(house, before)
            if len(said) > 1 and shape_of(one.form) not in SEVERAL:
                wrong.append(f"{named}, sent now: said {said}")
    assert not wrong, "\n".join(wrong)


def kept_wrong(answer: httpx.Response, form: Form, typed: str, status: int) -> list[str]:
    """What is wrong with the page that keeps a form."""
    wrong = [] if answer.status_code == status else [f"answered {answer.status_code}, wanted {status}"]
    again = next((one for one in forms_of(answer.text) if one.action == form.action), None)
    if again is None:
        return [*wrong, "the form is not there to be sent"]
    kept = {(one.name, one.value) for one in again.fields if one.name not in ("csrf", "statement")}
    lost = {name for name, value in form.filled(typed) if name not in ("csrf", "statement")} - {
        name for name, _ in kept
    }
    wrong += [f"{name} is lost" for name in sorted(lost)]
    wrong += [f"what was typed in {name} is changed" for name in form.typed if (name, typed) not in kept]
    return wrong
