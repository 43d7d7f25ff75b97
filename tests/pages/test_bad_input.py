"""Whatever is typed into whichever form: it is recorded once, or shown again with all of it and with what is wrong.

The forms are found by going through the pages as everybody, over a ledger with the demonstration's story. So a new form
is tested without being named here.
"""

import html
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio

from api.demo.answers import answer_and_correct
from api.demo.around import live_on, look, share
from api.demo.cast import Cast
from api.demo.months import fill
from api.demo.town import move_in
from api.http.cookies import SESSION
from api.pages import places
from api.pages.forms import MOST_LETTERS
from ledger.core.instants import HOUR, Instant
from ledger.saying import By
from tests.browser.walk import route_of
from tests.http.served import Served, statement_id
from tests.pages.filling import KINDS, Form, forms_of, read, shape_of
from tests.sign_in.browser import PLACE, Browser
from tests.thorough import times

pytestmark = pytest.mark.asyncio(loop_scope="module")
LEFT_OUT: Final = {
    "/forms/sign-out": "ends the session: tests/pages/test_pages.py",
    "/forms/sign-out-everywhere": "ends the session: tests/pages/test_pages.py",
    "/forms/sessions/end": "ends a session: tests/sign_in",
    "/forms/acting-as": "goes on as somebody else: tests/sign_in",
}
"""Forms that are not filled in here, each with the reason."""
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
_EVERY = times(4, 1)
"""Each kind of text is tried in every so many-th form, in others than the kind before; where it matters, in each."""


@dataclass(frozen=True)
class Found:
    """A form, who may fill it in, and the page on which it stands."""

    by: By
    page: str
    form: Form


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forms(house: Served) -> list[Found]:
    """Every form that anybody comes by."""
    readers = await _people(house)
    await house.story.settled()
    found: dict[str, Found] = {}
    for by in readers:
        async with Browser.of(house) as browser:
            await browser.begin(by)
            for page, form in [one async for one in _forms_by_links(browser, places.RECORD(record=house.story.record))]:
                found.setdefault(f"{by.acting_as} {shape_of(form)} {form.says}", Found(by, page, form))
    return [one for one in found.values() if shape_of(one.form) not in LEFT_OUT]


async def _people(house: Served) -> list[By]:
    """Tell the demonstration's story around Amina; gives everybody as whom pages are looked through."""
    story = house.story
    cast = Cast(story.amina, story.sam, story.okafor, story.moss, story.ruth, story.ada, story.bert, story.record)
    town = await move_in(story.ledger, cast)
    items = await fill(story.ledger, cast, town)
    await answer_and_correct(story.ledger, cast, town, items)
    await share(story.ledger, cast, town, items)
    until = Instant(story.ledger.clock() + HOUR)
    await story.ledger.sharing.open_emergency(cast.moss, cast.record, "cannot-be-asked", "Nobody could ask her.", until)
    await look(story.ledger, cast, town, items)
    await live_on(story.ledger, cast, town)
    await story.ledger.cases.assign(cast.first_administrator, cast.ruth.person, "A complaint.", record=cast.record)
    parent, attorney = By(cast.sam.person, "parent"), By(town.grace.person, "attorney")
    staff = (town.greta, story.ada, town.bert)
    return [story.amina, story.sam, story.okafor, story.moss, parent, attorney, story.ruth, *staff]


async def _forms_by_links(browser: Browser, start: str) -> AsyncIterator[tuple[str, Form]]:
    waiting, visited = deque(["/", start]), Counter[tuple[str, ...]]()
    while waiting:
        path = waiting.popleft()
        parts = urlsplit(path)
        place = route_of(parts.path)
        kind = (str(place), *sorted({name.partition("=")[0] for name in parts.query.split("&")}))
        if place is None or place.endswith("/file") or visited[kind] >= (4 if "{item}" in place else 1):
            continue
        visited[kind] += 1
        answer = await browser.get(path)
        if answer.status_code == 303:
            waiting.append(answer.headers["location"])
            continue
        for form in forms_of(answer.text):
            yield path, form
        waiting.extend(_links(answer.text))


def _links(page: str) -> list[str]:
    found = [part.partition('"')[0] for part in page.split('href="/')[1:]]
    return ["/" + html.unescape(one).partition("#")[0] for one in found if not one.startswith("static/")]


async def post(browser: Browser, form: Form, pairs: list[tuple[str, str]]) -> httpx.Response:
    """Send a form with the token of this browser's session."""
    return await send(
        browser, form.action, [(name, browser.csrf if name == "csrf" else value) for name, value in pairs]
    )


async def send(browser: Browser, action: str, pairs: list[tuple[str, str]]) -> httpx.Response:
    """Send a form as a browser does."""
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": PLACE, "sec-fetch-site": "same-origin"}
    return await browser.send("POST", action, content=urlencode(pairs), headers=headers)


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
    assert len(forms) > 60
    assert {one.by.acting_as for one in forms} >= {"patient", "carer", "clinician", "guardian", "administrator"}


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
