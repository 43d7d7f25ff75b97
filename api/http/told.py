"""Has the patient been told of an emergency? What somebody was shown cannot be taken back by telling them later.

The ledger itself refuses a delay where the emergency is over, and was told of by that. What was read before then, the
trail knows.
"""

from typing import Any

from api.http.service import Call
from ledger.core.relations import Emergency
from ledger.domain.errors import NotAllowed
from projections.access_trail import Sought


async def check_untold(call: Call, record: Any, emergency: Any) -> None:
    """Raise NotAllowed where the patient, or a child's parent, was shown that the record was opened.

    To a guardian: to others, and of what has no shape or is not there, it is the ledger's to say why not.
    """
    if not isinstance(record, str) or not isinstance(emergency, str) or not await _is_guardian(call):
        return
    if await was_told(call, record, emergency):
        detail = f"emergency {emergency}: got a delay of what the patient was shown already, wanted one before that"
        raise NotAllowed(f"{detail}; it cannot be untold, so talk with them", "already-told")


async def was_told(call: Call, record: str, emergency: str) -> bool:
    """Did one of those who are told look at the emergency, or at who has looked, since it was opened?

    Not while the guardian delays it: then neither has shown anything of it.
    """
    opened = (await call.ledger.facts.record(record, fresh=True)).fold.facts.emergencies.get(emergency)
    if opened is None or opened.kept_quiet(call.ledger.clock()) is not None:
        return False
    await call.service.caught_up()
    shown = (
        Sought(record=record, acting_as=acting_as, item=item, via=via, refused=False)
        for acting_as in ("patient", "parent")
        for item, via in ((emergency, None), (None, "trail"))
    )
    return any([await _was_any(call, opened, sought) for sought in shown])


async def _was_any(call: Call, opened: Emergency, sought: Sought) -> bool:
    return bool(await call.service.access_trail.oldest(sought, after=opened.position, limit=1))


async def _is_guardian(call: Call) -> bool:
    if call.session.acting_as != "guardian":
        return False
    facts = (await call.ledger.facts.person(call.session.person)).fold.facts
    return facts.role("guardian", call.ledger.clock()) is not None
