"""Purpose: for what a clinician opens a record. A registration alone is no care relationship, so each opening says it.

It goes along from page to page in the address, as ``purpose``; where it is missing, the page asks for it first.
"""

from typing import Annotated, Final

from fastapi import Query, Request
from starlette.responses import Response

from api.http.service import Call
from api.pages.rendering import own_page

AskedPurpose = Annotated[str | None, Query(max_length=64)]
"""What a page is opened for, in a handler's parameters."""
ASKED_FIRST: Final = ("appointment", "task")
"""What a clinician chooses from. An emergency has a page of its own, and so has what is to be corrected."""


def is_to_be_asked(call: Call, purpose: str | None) -> bool:
    """Must this reader say first what they open a record for?"""
    return call.session.acting_as == "clinician" and not purpose


async def purpose_page(request: Request, call: Call, record: str) -> Response:
    """Asks what a record is opened for, then leads to the page that was asked for. It says nothing of the record."""
    there = [(purpose, str(request.url.include_query_params(purpose=purpose))) for purpose in ASKED_FIRST]
    origin = f"{request.url.scheme}://{request.url.netloc}"
    ways = [(purpose, address.removeprefix(origin)) for purpose, address in there]
    return await own_page(request, call, "record/purpose.html", record=record, ways=ways)
