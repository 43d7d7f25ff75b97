"""What is due of one kind, as a page: each line of the worklist with what is said of it, from its own record."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import Response

from api.http import worklist
from api.http.service import Call
from api.pages.matters import told
from api.pages.places import Place
from api.pages.rendering import own_page
from api.pages.worklist import PURPOSE

Cursor = Annotated[str | None, Query(max_length=100)]
LISTED: Final = 10
"""Lines on a page: the words of each are opened from its own record."""

Read = Callable[[Call, str, str], Awaitable[Mapping[str, Any]]]
"""What the template is to have of a line, by the record and the id of what it is about."""


def purpose_of(call: Call) -> str | None:
    """What this reader opens a record for in which something is due."""
    return PURPOSE.get(call.session.acting_as)


async def due_page(
    request: Request, call: Call, template: str, kind: str, read: Read, *, here: Place, cursor: str | None
) -> Response:
    """The lines of one kind, what is due first first."""
    asked = worklist.PageOfWork(limit=LISTED, cursor=cursor, purpose=purpose_of(call), kind=[kind])
    shown = told(await worklist.read_worklist(call, asked))
    return await own_page(
        request,
        call,
        template,
        here=here,
        lines=[{**await read(call, line["record"], line["about"]), **line} for line in shown["lines"]],
        first=cursor is None,
        cursor=shown["cursor"],
    )
