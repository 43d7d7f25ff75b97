"""Reading for some roles only: what the API answers, on pages that are not for everybody whom it answers.

The API's own operation is asked first and refuses first, so that who tries what is not for them is on the trail from
a page as from a program. Whom it does answer, but not on this page, is told so after.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Final, TypeVar

from api.http.problems import Refused
from api.http.service import Call
from ledger.domain.errors import NotAllowed

PATIENT: Final = frozenset({"patient"})
ADMINISTRATOR: Final = frozenset({"administrator"})
AUDITOR: Final = frozenset({"auditor"})
Answer = TypeVar("Answer")


async def read_for(call: Call, roles: Collection[str], read: Callable[[], Awaitable[Answer]]) -> Answer:
    """What an operation answers. Raises as it does, and NotAllowed for whoever acts as none of these."""
    try:
        answer = await read()
    except Refused:  # such as a clinician without a purpose: naming one would not make it a page for them
        check_role(call, roles)
        raise
    check_role(call, roles)
    return answer


def check_role(call: Call, roles: Collection[str]) -> None:
    """Raise NotAllowed for whoever acts as none of these: of what no operation is asked for, or was."""
    if call.session.acting_as not in roles:
        wanted = " or ".join(sorted(roles))
        raise NotAllowed(f"page: got acting_as {call.session.acting_as}, wanted {wanted}", "role-missing")
