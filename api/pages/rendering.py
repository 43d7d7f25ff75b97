"""Rendering: a template with what it shows, everything escaped, under a policy that lets nothing foreign in.

A page runs no script and loads no style but the service's own files; none is written into the page itself. Its title
tells nothing: devices are shared, and titles stay in their history.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from psycopg import OperationalError
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.attempts import on_the_trail
from api.http.cookies import cookie_of
from api.http.cross_site import FORM, SAFE, check_origin
from api.http.problems import CROSS_SITE, SIGN_IN, SIGN_IN_AGAIN, Problem, Refused, problem_of, problem_of_validation
from api.http.service import Call, Service, call_of, drafts, service_of
from api.pages import binding, language, places, statement_words, words
from api.pages.catalogue import words_of_scripts
from api.pages.counting import IN_TEMPLATES
from api.pages.forms import Filled, Unplaced, filled, in_plain_words
from api.pages.kit_macros import nhsuk
from api.pages.navigation import navigation_of
from api.pages.static_files import BASE
from api.pages.together_now import together_until
from api.pages.voice import voice_of
from api.sign_in.place import place_of
from api.sign_in.session import SignInRefused
from ledger.core.instants import format_instant
from ledger.store.errors import StoreError
from projections.errors import ProjectionError

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_FOR_ANOTHER_ROLE: Final = frozenset(
    {"no-list", "no-view", "no-trail", "no-auditor", "not-the-patient", "not-this-reader", "role-missing"}
)
"""Rules that refuse a whole page to somebody, by what they act as alone; what the API says of them is for programs."""
_ANOTHER_ROLE: Final = language.marked("This page is for people who act as something else here.")
_OF_AN_ADDRESS: Final[Mapping[str, tuple[str, str]]] = {
    "malformed": (
        language.marked("This address does not work"),
        language.marked("It may have been typed or copied wrongly, or cut short."),
    ),
    "cursor": (
        language.marked("This part of the list is not there any more"),
        language.marked("The list has changed since. Open it again from its beginning."),
    ),
    "no-such-place": (
        language.marked("There is no page at this address"),
        language.marked("It may have been typed or copied wrongly."),
    ),
}
"""What is said where a page was asked for: title and text. The API says it of requests and forms."""
_templates: Final = Environment(
    loader=PackageLoader("api.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
_templates.newstyle_gettext = True  # type: ignore[attr-defined]  # of the extension
_templates.filters |= language.FILTERS | words.FILTERS | statement_words.FILTERS
_templates.globals |= {**IN_TEMPLATES, "at": places, "bound": binding, "nhsuk": nhsuk}


def page(
    request: Request, template: str, *, status: int = 200, voice: Mapping[str, Any] | None = None, **shown: Any
) -> Response:
    """A page. ``voice`` is who is signed in, as the modules need it; None where nobody is, or nobody may sign."""
    service = service_of(request)
    told = {
        "static": BASE,
        "now": format_instant(service.ledger.clock()),
        "voice": voice,
        "demonstration": service.doors.personas is not None,
        "exit_to": service.doors.settings.exit_to,
        "this_page": _path_of(request) if request.method in SAFE else "/",
        "script_words": words_of_scripts(language.spoken()),
        "locale": language.spoken().tag,
        "dir": language.spoken().direction,
        "locales": [{"tag": one.tag, "name": one.locale.get_display_name()} for one in _languages(request).spoken],
        "nav": (),
        "whose": None,
        "together_until": None,
        "who": None,
        "role_label": None,
        "preview": None,
        **shown,
    }
    text = _templates.get_template(template).render(told)
    return HTMLResponse(text, status, {"content-security-policy": POLICY})


async def own_page(
    request: Request,
    call: Call,
    template: str,
    *,
    here: places.Place | None = None,
    record: str | None = None,
    form: Filled | None = None,
    status: int = 200,
    **shown: Any,
) -> Response:
    """A page of somebody who is signed in, with their navigation. ``here`` is the entry of it that is current.

    ``record`` is the record that the page is about, ``form`` the form on it: refused, its page has the status 422.
    ``whose`` is to be given wherever somebody's record is open: ``{"name": …, "own": bool}``.
    """
    refused = form is not None and bool(form.errors)
    return page(
        request,
        template,
        status=422 if refused else status,
        voice=await voice_of(request, call),
        nav=await navigation_of(call, here, record),
        role_label=words.role(call.session.acting_as),
        together_until=await together_until(call, record),
        record=record,
        form=form,
        **shown,
    )


def piece(template: str, **shown: Any) -> Markup:
    """A part of a page, to be put into another."""
    return Markup(_templates.get_template(template).render(shown))  # noqa: S704 - made by a template, which escapes


def see_other(path: str) -> Response:
    """Go on elsewhere on this service (303), so that loading a page again sends no form again."""
    return RedirectResponse(path, 303)


class PageRoute(APIRoute):
    """A route whose refusals are pages: whoever is not signed in is led there, the rest is told in words."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its refusals told as pages, in the reader's language."""
        handler = super().get_route_handler()

        async def told(request: Request) -> Response:
            language.speak(_language_of(request))
            try:
                return await handler(request)
            except RequestValidationError as error:
                return await _told(request, problem_of_validation(error))
            except Unplaced as unplaced:
                return await _not_lost(request, unplaced.form, 422)
            except Exception as error:
                return await _told(request, problem_of(error))

        return told


def _language_of(request: Request) -> language.Language:
    kept = cookie_of(request, language.COOKIE)
    return _languages(request).choose(kept, request.headers.get("accept-language", ""))


def _languages(request: Request) -> language.Languages:
    languages: language.Languages = request.app.state.languages
    return languages


async def _told(request: Request, problem: Problem) -> Response:
    if request.method not in SAFE and problem.kind in (SIGN_IN, SIGN_IN_AGAIN, CROSS_SITE):
        return await _kept(request, problem)
    if problem.kind is SIGN_IN:
        return see_other("/demo" if _begins_a_demonstration(request) else "/sign-in")
    if problem.kind is SIGN_IN_AGAIN:
        return see_other("/again?" + urlencode({"to": _path_of(request)}))
    await on_the_trail(request, problem)
    if request.method not in SAFE and _of_this_place(request, service_of(request)):
        return await _form_refused(request, problem)
    return await refused_page(request, problem)


async def _form_refused(request: Request, problem: Problem) -> Response:
    try:
        form = await filled(request)
    except Refused:  # it is no form that a page sends: there is nothing in it to keep
        return await refused_page(request, problem)
    return await _not_lost(request, form.refused([("", in_plain_words(problem))]), problem.kind.status)


async def _not_lost(request: Request, form: Filled, status: int) -> Response:
    """Why a form did not go through, and all that was typed: its own page has no place for it, or is not there."""
    plain = form.refused([("", message) for _name, message in form.errors])
    shown: dict[str, Any] = {"form": plain, "back": _page_before(request)}
    return page(request, "refused.html", status=status, **await _around(request, status), **shown)


def _page_before(request: Request) -> str | None:
    """The page on which a form was filled in, if the browser says which (RFC 9110, section 10.1.3)."""
    origin = place_of(request, service_of(request).doors.settings).origin
    before = request.headers.get("referer", "")
    path = way_back(before.removeprefix(origin)) if before.startswith(f"{origin}/") else "/"
    return None if path == "/" or path.startswith("/forms/") else path


async def refused_page(request: Request, problem: Problem, plain: str | None = None) -> Response:
    """A page that says what was refused and where to go on, in the reader's language; ``plain`` says it best.

    Of what is hidden it says what it says of what is not there. For whom else a page is tells nothing of a record.
    """
    language.speak(_language_of(request))
    status, elsewhere = problem.kind.status, problem.members.get("rule") in _FOR_ANOTHER_ROLE
    title, plain = language.gettext(problem.kind.title), plain or in_plain_words(problem)
    if elsewhere:
        plain = language.gettext(_ANOTHER_ROLE)
    elif request.method in SAFE and problem.kind.name in _OF_AN_ADDRESS:
        title, plain = map(language.gettext, _OF_AN_ADDRESS[problem.kind.name])
    shown: dict[str, Any] = {"title": title, "plain": plain, "elsewhere": elsewhere, "broken": status >= 500}
    return page(request, "problem.html", status=status, **await _around(request, status), **shown)


async def _around(request: Request, status: int) -> Mapping[str, Any]:
    """Who is signed in, with their navigation, where that is known; not where something is wrong with the service."""
    if status >= 500:
        return {}
    try:
        call = await _call_again(request)
        if call is None:
            return {}
        nav = await navigation_of(call, None, None)
        return {"voice": await voice_of(request, call), "nav": nav, "role_label": words.role(call.session.acting_as)}
    except (Refused, SignInRefused, StoreError, ProjectionError, OperationalError, TimeoutError):
        return {}


def _begins_a_demonstration(request: Request) -> bool:
    """Is this the first page of a service as which anybody signs in as anybody?"""
    return request.url.path == "/" and service_of(request).doors.personas is not None


def _path_of(request: Request) -> str:
    """The page that was asked for, to come back to."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def way_back(to: str | None) -> str:
    """Where somebody goes on who has shown again who they are: a page of this service, and nothing else."""
    if to is None or not to.startswith("/") or to.startswith(("//", "/\\")) or urlsplit(to).netloc:
        return "/"
    return to if "\\" not in to and to.isprintable() else "/"


async def _kept(request: Request, problem: Problem) -> Response:
    """A form that cannot be sent as things stand, with all that was typed, to be sent again from here.

    Somebody's session may have ended while they wrote. What another site had the browser send is not kept. Where
    somebody else is signed in by now, it cannot be sent in their name: it waits for who typed it.
    """
    service = service_of(request)
    if not _of_this_place(request, service):
        return await refused_page(request, problem)
    if drafts(request):
        return problem.response()  # the module has the form still, and asks for what is missing
    try:
        form, voice = await filled(request), await _voice_again(request)
    except Refused as refused:  # it is no form that a page sends: there is nothing in it to keep
        return await refused_page(request, refused.problem)
    another = voice is not None and form.writer not in ("", voice["session"]["person"])
    return page(
        request,
        "kept.html",
        status=problem.kind.status,
        voice=voice,
        form=form,
        action=request.url.path,
        another=another,
        again=problem.kind is SIGN_IN_AGAIN,
    )


def _of_this_place(request: Request, service: Service) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    says = "origin" in request.headers or "sec-fetch-site" in request.headers
    try:
        check_origin(request, place_of(request, service.doors.settings))
    except Refused:
        return False
    return says and kind == FORM


async def _voice_again(request: Request) -> Mapping[str, Any] | None:
    """Who is signed in by now, if anybody is: maybe in another tab, since the page was loaded."""
    try:
        call = await _call_again(request)
        return None if call is None else await voice_of(request, call)
    except (Refused, SignInRefused):
        return None


async def _call_again(request: Request) -> Call | None:
    """The call of whoever is signed in by now; raises SignInRefused where the session is over."""
    cookie = cookie_of(request)
    if cookie is None:
        return None
    service = service_of(request)
    return Call(service, await service.doors.sessions.of(cookie), None)


__all__ = ["POLICY", "PageRoute", "call_of", "own_page", "page", "piece", "see_other", "way_back"]
