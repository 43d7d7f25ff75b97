"""Whether the patient is looking together with somebody now, for every page of their record to say.

It says until when, and not with whom: that is told where the passkey is asked for, on the page to which this leads.
"""

from api.http.service import Call
from ledger.core.instants import Instant


async def together_until(call: Call, record: str | None) -> Instant | None:
    """When the last open session of the patient's own record ends by itself; None where none is open."""
    if record is None or call.session.acting_as != "patient":
        return None
    known = (await call.ledger.facts.record(record)).fold.facts
    if known.patient != call.session.person:  # a page may be asked for with any record's id
        return None
    now = call.ledger.clock()
    return max((one.ends for one in known.sessions.values() if now < one.ends), default=None)
