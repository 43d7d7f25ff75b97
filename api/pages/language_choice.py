"""Choosing a language: kept in a cookie of this browser, and nowhere else."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.problems import MALFORMED, Problem, Refused
from api.pages.forms import Form, member
from api.pages.language import COOKIE, Languages
from api.pages.rendering import PageRoute, see_other, way_back

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
_A_YEAR: Final = 365 * 24 * 3600


@router.post("/forms/language")
async def choose(request: Request, form: Form) -> Response:
    """Speak another language from here on, to whoever uses this browser; raises Refused for one that is not spoken."""
    languages: Languages = request.app.state.languages
    wanted = member(form, "language")
    if wanted not in {one.tag for one in languages.spoken}:
        raise Refused(
            Problem(MALFORMED, f"language: got {wanted[:20]!r}, wanted one of the page's; load the page again")
        )
    answer = see_other(way_back(form.get("to")))
    answer.set_cookie(COOKIE, wanted, max_age=_A_YEAR, path="/", secure=True, httponly=True, samesite="lax")
    return answer
