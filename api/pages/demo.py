"""The page of a demonstration, on which anybody signs in as anybody of its story. Only the demo serves it."""

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.http.entering import enter
from api.http.problems import NOT_ALLOWED, Problem, Refused
from api.http.service import service_of
from api.loopback import is_loopback
from api.pages.forms import Form, member
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.rendering import PageRoute, page, see_other, way_back
from api.sign_in.personas import Persona, Personas

_OF_PROXIES: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")

_GROUPS: Final = (
    (marked("Patients"), ("patient",)),
    (marked("Those who help them"), ("carer", "parent", "attorney")),
    (marked("Doctors and nurses"), ("clinician",)),
    (marked("Those who watch over it"), ("auditor", "guardian")),
    (marked("Those who let people in"), ("administrator", "registrar")),
)


def check_at_this_machine(request: Request) -> None:
    """Raise Refused unless it was asked on this machine, under its own name, and through no proxy that says so."""
    asked, asker = request.url.hostname or "", request.client.host if request.client is not None else ""
    if not (is_loopback(asked) and is_loopback(asker)) or any(name in request.headers for name in _OF_PROXIES):
        detail = "host: got one of elsewhere, wanted this machine's; open the demonstration at http://localhost"
        raise Refused(Problem(NOT_ALLOWED, detail))


router: Final = APIRouter(include_in_schema=False, route_class=PageRoute, dependencies=[Depends(check_at_this_machine)])


@router.get("/demo")
async def choose(request: Request) -> Response:
    """What this is, what to try, and everybody as whom one may sign in."""
    personas = _personas(request)
    tried = [(trial, personas.find(trial.person, trial.acting_as)) for trial in personas.trials]
    return page(request, "demo.html", groups=_grouped(personas.cast), trials=tried)


@router.post("/forms/demo/sign-in")
async def sign_in(request: Request, form: Form) -> Response:
    """Sign in as one of them, and go on to the page that was named, or to theirs."""
    persona = _personas(request).find(member(form, "person"), form.get("acting_as"))
    entered = await enter(request, service_of(request), persona.person, means="persona", acting_as=persona.acting_as)
    return entered.let_in(see_other(way_back(form.get("to"))))


def _grouped(cast: Sequence[Persona]) -> list[tuple[str, list[Persona]]]:
    """Those who are alike together, under what they are called."""
    groups = [(words, [one for one in cast if one.acting_as in roles]) for words, roles in _GROUPS]
    return [(_(words), group) for words, group in groups if group]


def _personas(request: Request) -> Personas:
    personas = service_of(request).doors.personas
    if personas is None:  # these routes are there only where there are personas
        raise LookupError("personas: got none, wanted a demonstration's")
    return personas
