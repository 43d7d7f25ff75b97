"""Forms: what a page sends, checked in plain words, shown again with what is wrong, and said, signed or not.

A form is sent to ``/forms/…``, with JavaScript or without. Which page it was is checked with the session (``call_of``).
A form that states something brings the id of the statement-to-be, so that sent twice it is said once. With JavaScript
and a passkey the page asks first what it would say (``x-signing: draft``), signs that, and asks again until all is said
(``static/forms.js``); without, the service records it, and readers see that.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from markupsafe import escape
from starlette.responses import RedirectResponse, Response

from api.http.answers import json_answer
from api.http.cross_site import MEMBER, MOST_MEMBERS
from api.http.problems import MALFORMED, SIGN_IN, SIGN_IN_AGAIN, Problem, Refused, problem_of
from api.http.service import Call, drafts, saying_purpose_of, statement_id_of
from api.pages.counting import with_numbers
from api.pages.language import gettext as _
from api.pages.language import marked
from ledger.core.errors import CoreError
from ledger.domain.errors import DomainError
from ledger.saying import ToBeSigned, fresh_id
from ledger.store.errors import StoreError

STATEMENT: Final = "statement"
WRITER: Final = "writer"
"""Who was signed in when the page was made. It lets nobody in: it keeps a form from going out in another's name."""
_OF_A_PAGE: Final = re.compile(r"[a-z0-9][a-z0-9_./:-]{0,63}|(?=[^0-9]*[0-9])[A-Za-z0-9_./:?&=%+-]{16,512}")
"""Choices, ids, instants and addresses. A short word in small letters looks the same; it is soon typed again."""
MOST_LETTERS: Final = 60_000
"""Of one text; the gate's limit on a body is about ten times that."""


class Unfit(Exception):
    """What was typed cannot be sent as it is: which fields, and in plain words what to do."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__(", ".join(name for name, _message in errors))
        self.errors = tuple(errors)


class Unplaced(Exception):
    """The page that a form is shown on again has no place any more for what was typed: the form, and what is wrong."""

    def __init__(self, form: "Filled") -> None:
        super().__init__("the page has no place any more for what was typed")
        self.form = form


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was filled in, and what is wrong with it: (field, message) in the order of the page.

    An error of no field has the name "" and stands at the top alone.
    """

    members: Mapping[str, Sequence[str]]
    statement: str
    errors: Sequence[tuple[str, str]] = ()
    writer: str = ""

    def value(self, name: str, default: str = "") -> str:
        """What a field holds."""
        return next(iter(self.members.get(name, ())), default)

    def values(self, name: str) -> Sequence[str]:
        """What is ticked."""
        return self.members.get(name, ())

    def typed(self) -> list[str]:
        """What somebody has written into it, as far as can be told: not what a page gives, as ids and choices are."""
        values = [value.strip() for some in self.members.values() for value in some]
        return [value for value in values if value and _OF_A_PAGE.fullmatch(value) is None]

    def error(self, name: str) -> str | None:
        """What is wrong with a field, if anything is."""
        return next((message for field, message in self.errors if field == name), None)

    def refused(self, errors: Sequence[tuple[str, str]]) -> "Filled":
        """The same, with what is wrong."""
        return replace(self, errors=tuple(errors))


def empty(call: Call, **members: str | Sequence[str]) -> Filled:
    """A form to be filled in, with what stands in it from the start and a fresh id for what it will say."""
    given = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in members.items()}
    return Filled(given, fresh_id(call.ledger.clock()))


async def filled(request: Request) -> Filled:
    """What a page has sent; raises Refused for what no page sends.

    Browsers end the lines of a text with CR LF (URL standard); people write the same words whichever way they are sent.
    """
    pairs = await _pairs(request)
    members: dict[str, list[str]] = {}
    for name, value in pairs:
        members.setdefault(name, []).append(value.replace("\r\n", "\n"))
    members.pop(MEMBER, None)
    [writer] = members.pop(WRITER, [""])[:1]
    [statement] = members.pop(STATEMENT, [""])[:1]
    return Filled(members, statement, writer=writer)


async def form_of(request: Request) -> Mapping[str, str]:
    """The members of a form, each once, without the page's token; raises Refused."""
    pairs = await _pairs(request)
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Refused(Problem(MALFORMED, "body: got a member twice, wanted each once; send the form again"))
    form.pop(MEMBER, None)
    form.pop(WRITER, None)
    return {name: value.replace("\r\n", "\n") for name, value in form.items()}


async def _pairs(request: Request) -> list[tuple[str, str]]:
    try:
        body = (await request.body()).decode("ascii")
        return parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=MOST_MEMBERS)
    except ValueError as error:
        raise Refused(Problem(MALFORMED, "body: got no form, wanted one as a page sends it; send it again")) from error


def member(form: Mapping[str, str], name: str) -> str:
    """A member that the form must have; raises Refused."""
    if name not in form:
        raise Refused(Problem(MALFORMED, f"{name}: got nothing, wanted what the page's form has; load the page again"))
    return form[name]


Form = Annotated[Mapping[str, str], Depends(form_of)]
Sent = Annotated[Filled, Depends(filled)]
"""A page's form, in a handler's parameters."""


class Checks:
    """What a form must hold: each check gives the value or notes what is wrong; ``done`` raises Unfit for all."""

    def __init__(self, form: Filled) -> None:
        self._form = form
        self._errors: list[tuple[str, str]] = []

    def wrong(self, name: str, message: str) -> None:
        """Note what is wrong with a field."""
        self._errors.append((name, message))

    def text(self, name: str, missing: str | None, most: int = MOST_LETTERS) -> str:
        """Words, without blank space around them. ``missing`` is said when there are none; None: none are needed."""
        text = self._form.value(name).replace("\x00", "").strip()
        if not text and missing is not None:
            self.wrong(name, missing)
        elif len(text) > most:
            self.wrong(
                name,
                with_numbers(
                    _("This has %(got)s characters. It can have %(most)s. Shorten it, or send it in parts."),
                    got=len(text),
                    most=most,
                ),
            )
        return text

    def choice(self, name: str, choices: Sequence[str], missing: str) -> str:
        """One of several."""
        chosen = self._form.value(name)
        if chosen not in choices:
            self.wrong(name, missing)
        return chosen

    def choices(self, name: str, choices: Sequence[str], missing: str | None = None) -> list[str]:
        """Any of several, in their order; with ``missing``, at least one."""
        ticked = [one for one in choices if one in self._form.values(name)]
        if missing is not None and not ticked:
            self.wrong(name, missing)
        return ticked

    def day(self, name: str, missing: str | None) -> date | None:
        """A day, from three fields (``name-day``, ``name-month``, ``name-year``) or one as ``2026-11-12``."""
        parts = [self._form.value(f"{name}-{part}").strip() for part in ("year", "month", "day")]
        text = self._form.value(name).strip() or "-".join(part.zfill(2) for part in parts if part)
        if not text:
            if missing is not None:
                self.wrong(name, missing)
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.wrong(name, _("This is not a day. Write it in numbers, like 27 3 2027."))
            return None

    def fitting(self, name: str, pattern: str, wanted: str) -> str:
        """A text of a known shape, as an id that is copied from elsewhere."""
        text = self._form.value(name).strip()
        if re.fullmatch(pattern, text) is None:
            self.wrong(name, wanted)
        return text

    def done(self) -> None:
        """Raise Unfit if anything is wrong."""
        if self._errors:
            raise Unfit(self._errors)


Say = Callable[[Call], Awaitable[str]]
"""Says what a form says, and gives the address to go on to."""
Again = Callable[[Filled], Awaitable[Response]]
"""Shows the page again with the form as it was filled in."""


async def sent(request: Request, call: Call, form: Filled, say: Say, again: Again) -> Response:
    """Say what a form says and go on; or show it again, with nothing lost, and what is wrong next to each field.

    ``say`` is given the caller who speaks under the form's own id. Raises what the fault is not the form's: somebody
    who is not signed in any more, a ledger that cannot record.
    """

    async def say_and_go_on(speaking: Call) -> Response:
        return gone_on(request, await say(speaking))

    return await shown_by(call, form, say_and_go_on, again)


async def shown_by(call: Call, form: Filled, show: Callable[[Call], Awaitable[Response]], again: Again) -> Response:
    """As ``sent``, of a form that is answered by what ``show`` makes: a page with what is shown only once."""
    try:
        return await show(_speaking(call, form))
    except ToBeSigned as draft:
        return _to_be_signed(draft)
    except Unfit as unfit:
        return await _shown_again(form.refused(unfit.errors), again)
    except (Refused, DomainError, CoreError, StoreError) as error:
        problem = problem_of(error)
        if problem.kind in (SIGN_IN, SIGN_IN_AGAIN) or problem.kind.status >= 500:
            raise
        return await _shown_again(_anew(call, form, problem), again)


async def _shown_again(form: Filled, again: Again) -> Response:
    """The page with the form on it; raises Unplaced where the page has no such form any more.

    What it was about may be over meanwhile: answered, withdrawn, changed in another tab.
    """
    answer = await again(form)
    page = bytes(answer.body).decode()
    if any(str(escape(text)) not in page for text in form.typed()):
        raise Unplaced(form)
    return answer


def gone_on(request: Request, there: str) -> Response:
    """Go on elsewhere on this service, so that loading a page again sends no form again."""
    return json_answer({"goto": there}) if drafts(request) else RedirectResponse(there, 303)


def _speaking(call: Call, form: Filled) -> Call:
    """Who speaks under the form's own id, for what they have the record open: the form says both."""
    speaking = replace(call, purpose=saying_purpose_of(form.value("purpose") or None))
    return replace(speaking, statement_id=checked_id(form.statement)) if form.statement else speaking


def checked_id(statement: str) -> str:
    """The id that a form was given; raises Refused for what is none."""
    checked = statement_id_of(statement)
    if checked is None:
        raise Refused(Problem(MALFORMED, "statement: got nothing, wanted the form's own id; load the page again"))
    return checked


def _to_be_signed(draft: ToBeSigned) -> Response:
    sentence = draft.sentence
    said: dict[str, Any] = {
        "type": sentence.type,
        "facts": dict(sentence.facts),
        "words": None if sentence.words is None else dict(sentence.words),
        "public": None if sentence.public is None else sentence.public.as_public(),
    }
    return json_answer({"sign": said, "id": draft.statement_id})


def _anew(call: Call, form: Filled, problem: Problem) -> Filled:
    """The form with what the ledger says of it; what was sent before gets a fresh id, to be sent as something new."""
    statement = form.statement
    if problem.kind.name == "already-said":
        statement = fresh_id(call.ledger.clock())
    return replace(form, statement=statement, errors=(("", in_plain_words(problem)),))


_PLAIN: Final[Mapping[str, str]] = {
    "already-said": marked(
        "This form was sent before, with other words. What you sent first is recorded. If this is something new, send"
        " it again."
    ),
    "not-possible": marked("This was changed by somebody else meanwhile, or is over. Look at it again, then decide."),
    "unknown": marked("This is not there for you, or not any more."),
    "not-allowed": marked("You may not do this."),
    "too-many": marked("There were too many tries. Wait a little, then try again."),
    "too-large": marked("This is too long. Send it in parts."),
    "malformed": marked("Something in this form cannot be recorded as it is. Look through what you filled in."),
}


def in_plain_words(problem: Problem) -> str:
    """What a refusal means to who sent the form."""
    explained = problem.members.get("explanation")
    return _(str(explained)) if explained else _(_PLAIN.get(problem.kind.name, problem.kind.title))
