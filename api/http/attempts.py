"""Attempts that were too malformed to become a statement: they are on the trail of the record all the same.

Who tried, acting as what, on which record and by which operation (or, of what its author has signed, which type; of a
page's form, its address without ids): nothing else that was sent is kept.
"""

import re
from typing import Final

from starlette.requests import Request

from api.http.bodies import UUID_PATTERN
from api.http.problems import MALFORMED, Problem, Refused
from api.http.service import service_of, session_of
from api.sign_in.session import SignInRefused
from ledger.saying import By

_RECORD: Final = re.compile(UUID_PATTERN)


async def on_the_trail(request: Request, problem: Problem) -> None:
    """Put one line on the trail for a malformed request to say something about a record, by somebody signed in.

    Raises NotRecorded, which refuses as well, where the ledger cannot record.
    """
    record = str(request.path_params.get("record") or getattr(request.state, "record", None))
    route = request.scope.get("route")
    operation = getattr(route, "operation_id", None) or getattr(route, "path", None)
    if problem.kind is not MALFORMED or request.method != "POST" or not _RECORD.fullmatch(record):
        return
    try:
        session = await session_of(request)
    except (Refused, SignInRefused):
        return
    by = By(session.person, session.acting_as)
    attempted = getattr(request.state, "attempted", operation)
    await service_of(request).ledger.refuse_malformed(by, str(attempted), record)
