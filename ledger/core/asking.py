"""What every answer to "may this person say this?" is made from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

from ledger.core.decisions import (
    UNKNOWN_ITEM,
    Decision,
    Deny,
    Facts,
    Permit,
    Request,
    leaves_trace,
    permit,
    standing_of,
)
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant, parse_instant
from ledger.core.item_facts import Item
from ledger.core.keys import Custody
from ledger.core.people import Standing
from ledger.core.policy import Judge, judge_of
from ledger.core.said import Said
from ledger.core.standing import Reach, reaches_of

_NO_RECORD: Final = RecordFacts("")
ROLE_MISSING: Final = Deny("role-missing")
NOT_THE_PATIENT: Final = Deny("not-the-patient")
FOR_THEMSELVES: Final = Deny("for-themselves")


@dataclass(frozen=True)
class Ask:
    """One statement that asks to be admitted.

    ``said.recorded_at`` is the instant of admission. ``standing`` is what its acting-as rests on. ``founding``: the
    ledger has no administrator yet. ``custody`` is that of the key a ``key-enrolled/1`` enrols;
    ``purpose`` that of the session it is said in. ``erased`` are the positions that a ``content-erased/1`` names.
    ``signed_by``: who holds the key that signs it; ``had_own_key``: its author has or had one that only they can use;
    ``subject_has_key``: the person it is about has one; ``subject_keyed_at``: where they were given their last one.
    """

    facts: Facts
    said: Said
    standing: Standing
    importing: bool
    founding: bool
    custody: str | None
    purpose: str | None = None
    erased: tuple[int, ...] = ()
    signed_by: Custody = "service"
    had_own_key: bool = False
    subject_has_key: bool = False
    subject_keyed_at: int | None = None

    def __getitem__(self, member: str) -> Any:
        """A member of the statement's facts."""
        return self.said.facts[member]

    @property
    def author(self) -> str:
        """The person who says it."""
        return self.said.author

    @property
    def at(self) -> Instant:
        """The instant at which it would be admitted."""
        return self.said.recorded_at

    @property
    def record(self) -> RecordFacts:
        """The record it is about; an empty one where it is about none."""
        return self.facts.record or _NO_RECORD

    def acts_as(self, *roles: str) -> bool:
        """Is it said acting as one of these?"""
        return self.said.acting_as in roles

    def permit(self, rule: str, *rests_on: Standing) -> Permit:
        """Permit by this rule: it rests on the acting-as, and on these."""
        return permit(rule, self.standing, *rests_on)

    def instant(self, member: str) -> Instant | None:
        """An instant among the facts, or None where it is null."""
        value = self[member]
        return None if value is None else parse_instant(value)

    @property
    def request(self) -> Request:
        """The author's asking to see things, on a screen, acting as they do."""
        return Request(self.author, self.said.acting_as, self.at, purpose=self.purpose)

    @cached_property
    def judge(self) -> Judge:
        """What the author may see."""
        return judge_of(self.facts, self.request)

    @cached_property
    def reaches(self) -> tuple[Reach, ...]:
        """The author's current care relationships, if they act as a clinician."""
        return reaches_of(self.facts, self.at, self.purpose) if self.acts_as("clinician") else ()


def seen(ask: Ask, item_id: str) -> Decision:
    """May the author see this item?

    One that is hidden without a trace is answered exactly as one that is not there.
    """
    decision = ask.judge(item_id)
    if isinstance(decision, Permit):
        return decision
    # What is withheld from a patient leaves them a trace, and the same refusal leaves their carer none.
    return Deny("item-not-visible", decision.evidence) if leaves_trace(decision, ask.request) else UNKNOWN_ITEM


def in_care(ask: Ask, kind: str | None = None, topics: tuple[str, ...] = ()) -> Decision:
    """A clinician with a care relationship, and within the team's profile for an item of this kind."""
    if not ask.acts_as("clinician"):
        return ROLE_MISSING
    if not ask.reaches:
        return Deny("not-in-care")
    for reach in ask.reaches:
        if kind is None or reach.profile.covers(kind, topics):
            return ask.permit("in-care", reach.standing)
    return Deny("outside-profile")


class OnItem(NamedTuple):
    """An item that the author may see, and the permit to speak about it so far."""

    item: Item
    permit: Permit


def on_item(ask: Ask, speaker: Decision) -> OnItem | Deny:
    """The statement's item, once the speaker is somebody who may speak of items so.

    The speaker is judged first, and without the item, so that a refusal never tells whether the item exists.
    """
    if isinstance(speaker, Deny):
        return speaker
    visible = seen(ask, ask["item"])
    if isinstance(visible, Deny):
        return visible
    item = ask.record.items[ask["item"]]
    if item.erased is not None:
        return Deny("words-erased", (item.erased,))
    return OnItem(item, permit(speaker.rule, standing_of(speaker), standing_of(visible)))


def the_patient(ask: Ask) -> Decision:
    """The patient, and nobody in their place."""
    return ask.permit("patient") if ask.acts_as("patient") else NOT_THE_PATIENT


def for_the_patient(ask: Ask) -> Decision:
    """The patient, or the parent of a child below the age of review."""
    if not ask.acts_as("parent"):
        return the_patient(ask)
    child = ask.judge.whole
    return (
        permit(child.rule, standing_of(child))
        if isinstance(child, Permit) and child.rule == "parent"
        else NOT_THE_PATIENT
    )


def by_power(ask: Ask) -> Decision:
    """The patient, a child's parent, or an attorney, of a living patient who cannot decide what the power covers."""
    if not ask.acts_as("attorney"):
        return for_the_patient(ask)
    known = ask.record.representation
    ground = next(known.grounds(ask.author, ask.at), None) if known.died is None else None
    return NOT_THE_PATIENT if ground is None else ask.permit("attorney", ground[1])


def without_capacity(ask: Ask) -> Deny | None:
    """A new grant needs the patient's capacity to decide about sharing, which is presumed."""
    lacking = ask.record.representation.lacking("sharing", ask.at)
    return None if lacking is None else Deny("lacks-capacity", lacking.evidence)


def checked(decision: Decision, *refusals: Deny | None) -> Decision:
    """The first refusal if there is one, else the decision. A refusal of the person goes before one of the matter."""
    if isinstance(decision, Deny):
        return decision
    return next((refusal for refusal in refusals if refusal is not None), decision)


def when(refused: bool, rule: str, *evidence: int) -> Deny | None:
    """Deny by this rule when the condition holds."""
    return Deny(rule, evidence) if refused else None


def ends_within(ask: Ask, member: str, latest: Instant) -> Deny | None:
    """An instant that must lie after the admission and not after ``latest``."""
    ends = ask.instant(member)
    if ends is None or ends <= ask.at:
        return Deny("empty-period")
    return when(ends > latest, "too-long")


def not_empty(ask: Ask) -> Deny | None:
    """The period ``from`` to ``until`` must not be empty or over."""
    starts, ends = ask.instant("from"), ask.instant("until")
    return when(ends is not None and (ends <= ask.at or (starts is not None and ends <= starts)), "empty-period")
