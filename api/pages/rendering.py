"""Rendering: a template with what it shows, everything escaped, under a policy that lets nothing foreign in.

A page runs no script and loads no style but the service's own files; none is written into the page itself.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.attempts import on_the_trail
from api.http.problems import SIGN_IN, SIGN_IN_AGAIN, Problem, problem_of
from api.http.service import service_of
from api.pages.static_files import BASE
from ledger.core.instants import Instant, format_instant

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_templates: Final = Environment(
    loader=PackageLoader("api.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _spoken(instant: Instant | str | None) -> str:
    """An instant as people read it, to the minute, in UTC; the browser's own time zone is the modules' to tell."""
    if instant is None:
        return "never"
    text = instant if isinstance(instant, str) else format_instant(instant)
    return f"{text[:10]} {text[11:16]} UTC"


_templates.filters["spoken"] = _spoken


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
        **shown,
    }
    text = _templates.get_template(template).render(told)
    return HTMLResponse(text, status, {"content-security-policy": POLICY})


def see_other(path: str) -> Response:
    """Go on elsewhere on this service (303), so that loading a page again sends no form again."""
    return RedirectResponse(path, 303)


class PageRoute(APIRoute):
    """A route whose refusals are pages: whoever is not signed in is led there, the rest is told in words."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its refusals told as pages."""
        handler = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handler(request)
            except Exception as error:
                return await _told(request, problem_of(error))

        return told


async def _told(request: Request, problem: Problem) -> Response:
    if problem.kind is SIGN_IN:
        return see_other("/sign-in")
    if problem.kind is SIGN_IN_AGAIN:
        return see_other("/again")
    await on_the_trail(request, problem)
    return page(request, "problem.html", status=problem.kind.status, problem=problem)
