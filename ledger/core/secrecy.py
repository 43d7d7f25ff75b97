"""What is kept from whom, item by item, whatever anybody shares: the first line of rules 3 and 5.

Every secret is bounded: a working note to 28 days, a confidence that was asked for to 14 days, a hold on a result
to 14 days, an opinion on serious harm to six months and the guardian's 28 days. Each function names the rule that
keeps the item, or answers None.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ledger.core.decisions import Deny
from ledger.core.facts import RecordFacts
from ledger.core.instants import DAY, Instant
from ledger.core.item_facts import Item, Withholding, lineage

WORKING_AT_MOST: Final = 28 * DAY
CONFIDENCE_AT_MOST: Final = 14 * DAY
_PROFESSIONALS_OWN: Final = frozenset({"working-note", "flag"})
_TOLD: Final = frozenset({"serious-harm", "third-party", "agreed"})
"""Grounds on which a patient may know that something is withheld, to challenge it. Safeguarding and a carer's
confidence would be broken by the telling alone."""


@dataclass(frozen=True, slots=True)
class Kept:
    """By which rule something is kept from the patient, and when it opens to them by itself; None where it does not."""

    rule: str
    until: Instant | None


def in_wrong_record(item: Item) -> Deny | None:
    """Rule 2, for the item and for all that it answers: the answer quotes it."""
    for above in lineage(item):
        if above.wrong_record is not None:
            return Deny("wrong-record", (above.wrong_record,))
    return None


def working(item: Item, at: Instant) -> bool:
    """Is this a working note within its 28 days?"""
    return item.kind == "working-note" and at < item.added_at + WORKING_AT_MOST


def off_screen(item: Item, at: Instant) -> Deny | None:
    """Online-hidden: agreed with the patient, by ground, or by default for domestic abuse. To be had in person."""
    if item.hidden is not None:
        return Deny("online-hidden", (item.hidden,))
    for made in item.withholdings:
        if made.kept_from == "screen" and made.in_force(at):
            return Deny("online-hidden", (made.position,))
    return None


def from_patient(record: RecordFacts, item: Item, at: Instant) -> Deny | None:
    """What the patient may not see of this one item, apart from screens."""
    if item.kind == "flag":
        return Deny("flag")
    if working(item, at):
        return Deny("working")
    if item.in_confidence or item.withholdings:
        withheld = _withheld_from_patient(item, at)
        if withheld is not None:
            return withheld
    if item.held is not None or item.awaited is not None:
        return _not_yet(record, item, at)
    return None


def from_carers(item: Item, at: Instant) -> Deny | None:
    """What no carer may see of this one item, apart from screens: it is the professionals' own, or withheld."""
    if item.kind == "working-note":
        return Deny("working")
    if item.kind == "flag":
        return Deny("flag")
    for made in item.withholdings:
        if made.kept_from == "carers" and made.in_force(at):
            return Deny(f"withheld:{made.ground}", (made.position,))
    return None


def refusal_to_patient(record: RecordFacts, item: Item, at: Instant, *, on_screen: bool) -> Deny | None:
    """Why the patient may not see this item, or None: what is kept of a parent is kept of what answers it."""
    if item.parent is None and _plain(item):
        return None
    refusal: Deny | None = None
    for above in lineage(item):
        hidden = off_screen(above, at) if on_screen else None
        refusal = heaviest(refusal, hidden or from_patient(record, above, at))
    return refusal


def kept_from_patient(record: RecordFacts, item: Item, at: Instant) -> Kept | None:
    """What is said to who treats a patient of an item that the patient has on no screen, or None.

    Several things may keep it: it opens by itself when time has ended the last of them.
    """
    refusal = refusal_to_patient(record, item, at, on_screen=True)
    if refusal is None:
        return None
    ends = sorted({end for above in lineage(item) for end in _ends_of(above) if end > at})
    opens = (end for end in ends if refusal_to_patient(record, item, end, on_screen=True) is None)
    return Kept(refusal.rule, next(opens, None))


def refusal_to_carers(record: RecordFacts, item: Item, at: Instant, *, on_screen: bool) -> Deny | None:
    """Why no carer may see this item, whatever the patient shares, or None.

    What is kept from the patient is kept from carers too: nobody can share what they may not see themselves, and
    a preview as the carer would show it to the patient.
    """
    if item.parent is None and _plain(item):
        return None
    for above in lineage(item):
        hidden = off_screen(above, at) if on_screen else None
        refusal = from_carers(above, at) or hidden or from_patient(record, above, at)
        if refusal is not None:
            return refusal
    return None


def heaviest(first: Deny | None, second: Deny | None) -> Deny | None:
    """The refusal that tells less: one without a trace goes before one with, else the first one said."""
    if first is None or (second is not None and first.trace and not second.trace):
        return second
    return first


def _plain(item: Item) -> bool:
    """Is there nothing that could keep it from anybody? So for most items, and every page asks it of each."""
    return (
        not item.withholdings
        and item.hidden is None
        and not item.in_confidence
        and item.held is None
        and item.awaited is None
        and item.kind not in _PROFESSIONALS_OWN
    )


def _ends_of(item: Item) -> Iterator[Instant]:
    """When time alone ends what keeps this one item."""
    if item.kind == "working-note":
        yield Instant(item.added_at + WORKING_AT_MOST)
    if item.in_confidence:
        yield Instant(item.added_at + CONFIDENCE_AT_MOST)
    if item.held is not None:
        yield item.held[1]
    for made in item.withholdings:
        if made.ends is not None:
            yield made.ends


def _withheld_from_patient(item: Item, at: Instant) -> Deny | None:
    refusal: Deny | None = None
    for made in item.withholdings:
        if made.kept_from == "patient" and made.in_force(at):
            refusal = heaviest(refusal, _kept_on_a_ground(item, made))
    if refusal is None and item.in_confidence and at < item.added_at + CONFIDENCE_AT_MOST:
        return Deny("carer-confidence")
    return refusal


def _kept_on_a_ground(item: Item, made: Withholding) -> Deny:
    if item.in_confidence or made.ground == "carer-confidence":
        return Deny("carer-confidence", (made.position,))
    return Deny(f"withheld:{made.ground}", (made.position,), made.ground in _TOLD)


def _not_yet(record: RecordFacts, item: Item, at: Instant) -> Deny | None:
    if item.held is not None and at < item.held[1]:
        return Deny("not-yet", (item.held[0],), trace=True)
    if item.awaited is not None and item.awaited == record.tell_first:
        return Deny("not-yet", (item.awaited,), trace=True)
    return None


def waits_for_asking(item: Item, refusal: Deny) -> bool:
    """Is a result kept from the patient only because they asked to be told first? Then they may ask for it."""
    return refusal.rule == "not-yet" and refusal.evidence == (item.awaited,)
