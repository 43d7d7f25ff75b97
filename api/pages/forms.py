"""Forms: what a page sends without JavaScript. Which page it was is checked with the session (``call_of``)."""

from collections.abc import Mapping
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from api.http.cross_site import MEMBER
from api.http.problems import MALFORMED, Problem, Refused

_MOST_MEMBERS: Final = 20


async def form_of(request: Request) -> Mapping[str, str]:
    """The members of a form, each once, without the page's token; raises Refused.

    Browsers end the lines of a text with CR LF (URL standard); people write the same words whichever way they are sent.
    """
    try:
        body = (await request.body()).decode("ascii")
        pairs = parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=_MOST_MEMBERS)
    except ValueError as error:
        raise Refused(Problem(MALFORMED, "body: got no form, wanted one as a page sends it; send it again")) from error
    form = dict(pairs)
    if len(form) != len(pairs):
        raise Refused(Problem(MALFORMED, "body: got a member twice, wanted each once; send the form again"))
    form.pop(MEMBER, None)
    return {name: value.replace("\r\n", "\n") for name, value in form.items()}


def member(form: Mapping[str, str], name: str) -> str:
    """A member that the form must have; raises Refused."""
    if name not in form:
        raise Refused(Problem(MALFORMED, f"{name}: got nothing, wanted what the page's form has; load the page again"))
    return form[name]


Form = Annotated[Mapping[str, str], Depends(form_of)]
