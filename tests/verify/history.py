"""A ledger with a history: people, keys of both custodies, a complete tile of notes, consent, and a look."""

import asyncio
from dataclasses import dataclass
from typing import Any

from api.clock import clock
from ledger.core import canonical
from ledger.core.keys import SigningKey
from ledger.core.sealing import Opening
from ledger.core.statement import Statement, sign
from ledger.domain.stream import Submission
from ledger.ledger import Ledger, open_ledger
from ledger.saying import By, fresh_id
from ledger.store.keyring import Keyring
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from ledger.use_cases.trail import Asked
from tests.store.cast import Cast, gather_cast
from tests.store.covered import covered

NOTES = 264
IN_FLIGHT = 66


@dataclass(frozen=True)
class History:
    """Where things were said."""

    size: int
    enrolled: int
    revoked: int
    note: int
    late_note: int
    commented: int
    shared: int
    withdrawn: int
    looked: int


async def live_through(dsn: str, keyring: Keyring) -> History:
    """Write the history into an empty migrated database."""
    async with open_ledger(dsn, keyring, clock) as ledger:
        cast = await gather_cast(ledger)
        said = await _say_things(ledger, cast)
        await covered(ledger)
        return History(size=ledger.rows.sequencer.size, **said)


async def _say_things(ledger: Ledger, cast: Cast) -> dict[str, int]:
    doctor, amina = cast.doctor, By(cast.patient, "patient")
    device = SigningKey(b"d" * 32)
    enrolled = await ledger.people.enrol_key(By(ledger.people.founders[1], "registrar"), cast.patient, device.public)
    notes = []
    for first in range(0, NOTES, IN_FLIGHT):
        drafts = [Draft("note", f"Slept badly, night {first + n}.") for n in range(IN_FLIGHT)]
        notes += await asyncio.gather(*(ledger.items.add(doctor, cast.record, draft) for draft in drafts))
    item = notes[100].facts["item"]
    commented = await ledger.submit(comment_by(device, ledger, cast, item))
    shared = await ledger.sharing.direct(
        amina, cast.record, Directing({"kind": "all-carers"}, {"kind": "item", "of": item})
    )
    withdrawn = await ledger.sharing.withdraw(amina, cast.record, shared.facts["directive"])
    [key] = [
        enrolment.said
        for enrolment in (await ledger.facts.person(cast.patient)).fold.keys.in_force(cast.patient, 1 << 50)
        if enrolment.said.custody == "author"
    ]
    revoked = await ledger.people.revoke_key(amina, cast.patient, key, "replaced")
    late = await ledger.items.add(doctor, cast.record, Draft("note", "Sleeps better now.", topics=["mental-health"]))
    looked = await ledger.trail.open(doctor, Asked(cast.record, "appointment"))
    return {
        "enrolled": enrolled.position, "note": notes[100].position, "commented": commented.position,
        "shared": shared.position, "withdrawn": withdrawn.position, "revoked": revoked.position,
        "late_note": late.position, "looked": looked.position,
    }  # fmt: skip


def comment_by(key: SigningKey, ledger: Ledger, cast: Cast, parent: str) -> Submission:
    """A comment that the patient signs on a device of her own."""
    facts: dict[str, Any] = {
        "record": cast.record, "item": fresh_id(clock()), "kind": "comment", "topics": [], "parent": parent,
        "concern": "comment", "due": None, "in_confidence": False, "discussed": False, "copy_given": False,
        "imported": None,
    }  # fmt: skip
    words = {"title": None, "text": "It was a joke.", "quote": None, "data": None}
    opening = Opening(b"s" * 32, canonical.encode(facts)), Opening(b"t" * 32, canonical.encode(words))
    statement = Statement(
        fresh_id(clock()), ledger.keyring.origin, "item-added/1", cast.patient, "patient", clock(),
        opening[0].commitment, opening[1].commitment,
    )  # fmt: skip
    return Submission(sign(statement, key), *opening)
