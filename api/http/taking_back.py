"""Taking back: quick, for whoever is signed in, as long as it shows nobody more.

To withdraw a plain share never does. To withdraw what is withheld, or what is shared only for a time or on a condition,
may let something wider decide: in a browser, that is for somebody who has lately shown who they are, as sharing is.
"""

from typing import Final

from api.http.fresh import check_fresh
from api.http.service import Call
from ledger.core.directives import Directive
from ledger.core.instants import Instant

_AS: Final = "sharing.direct"


async def check_takes_back(call: Call, record: str, directive: str) -> None:
    """Raise Refused where withdrawing this may show more, and the session asks for the passkey again.

    Of what is not theirs, or not in force, it tells nothing: that is the ledger's to refuse.
    """
    facts = (await call.ledger.facts.record(record, fresh=True)).fold.facts
    if facts.patient != call.session.person and call.session.acting_as != "parent":
        return
    current = (one for by_scope in facts.current.values() for one in by_scope.values())
    said = next((one for one in current if one.id == directive), None)
    if said is not None and not is_plain_share(said, call.ledger.clock()):
        check_fresh(call.session, _AS, call.service.doors.sessions.clock())


def is_plain_share(said: Directive, now: Instant) -> bool:
    """Does it share now and for as long as it stands, whatever else is so?"""
    return said.shares and said.in_time(now) and said.ends is None and said.condition is None
