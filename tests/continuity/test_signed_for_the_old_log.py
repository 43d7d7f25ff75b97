"""What authors signed for the log under its old name: answered if it is still there, never admitted if it was lost."""

import pytest

from api.clock import clock
from ledger.core import canonical
from ledger.core.keys import SigningKey
from ledger.core.sealing import Opening
from ledger.core.statement import Statement, sign
from ledger.domain.errors import NotPossible
from ledger.domain.stream import Submission
from ledger.ledger import Ledger
from ledger.saying import Answer, By, fresh_id
from tests.continuity.installation import Installation
from tests.continuity.test_recovery import NEW, recover
from tests.store.cast import Cast, gather_cast

KEY = SigningKey(b"\x09" * 32)


async def come_in(ledger: Ledger) -> Cast:
    cast = await gather_cast(ledger)
    registrar = By(ledger.people.founders[1], "registrar")
    await ledger.people.enrol_key(registrar, cast.patient, KEY.public)
    return cast


def contribution(cast: Cast, origin: str) -> Submission:
    """Something of Amina's own for her record, signed on her own device."""
    facts = {
        "record": cast.record, "item": fresh_id(clock()), "kind": "contribution", "topics": [], "parent": None,
        "concern": None, "due": None, "in_confidence": False, "discussed": False, "copy_given": False,
        "imported": None,
    }  # fmt: skip
    words = {"title": None, "text": "I slept well.", "quote": None, "data": None}
    opened = Opening(b"s" * 32, canonical.encode(facts)), Opening(b"t" * 32, canonical.encode(words))
    statement = Statement(
        fresh_id(clock()), origin, "item-added/1", cast.patient, "patient", clock(),
        opened[0].commitment, opened[1].commitment,
    )  # fmt: skip
    return Submission(sign(statement, KEY), *opened)


def test_a_statement_for_the_old_log_is_answered_if_it_is_there_and_refused_if_it_was_lost(
    installation: Installation,
) -> None:
    cast = installation.within(come_in)
    kept, lost, fresh = (contribution(cast, origin) for origin in (installation.origin, installation.origin, NEW))

    def submit(submission: Submission) -> Answer:
        return installation.within(lambda ledger: ledger.submit(submission))

    first = submit(kept)
    with pytest.raises(NotPossible, match="ledger: got a statement for"):
        submit(fresh)
    backup, left = installation.back_up(), installation.size()
    submit(lost)
    missing = installation.size() - left
    installation.restore(backup)
    recover(installation, missing)
    again = submit(kept)
    assert (again.position, again.repeated) == (first.position, True)
    with pytest.raises(NotPossible, match=r"got a statement for surgery\.example, wanted surgery\.example/2"):
        submit(lost)
    assert submit(fresh).position > left, "her key speaks under the new name as well"
