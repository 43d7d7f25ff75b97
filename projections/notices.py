"""Notices: what patients are told without having to look for it. Kinds, ids and instants, never a word.

Only the patient is ever told: nobody hears that something was taken from them, and no carer hears anything. A notice
is due at once; of an emergency, from when the guardian no longer delays it; of a result that is held back, from when it
opens. Whoever shows a notice holds it to what the patient may see.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from ledger.core.instants import MINUTE, Instant, parse_instant
from ledger.core.said import Said
from projections.follow import Follower
from projections.projection import Connection

LARGEST_PAGE: Final = 500
NOTICES: Final[Mapping[str, str]] = {
    "emergency": "Somebody opened your record as an emergency. You can read why, and ask.",
    "emergency-reviewed": "An emergency access to your record was reviewed. You can read the outcome.",
    "directive-for-you": "Somebody changed for you who may see what in your record.",
    "best-interests": "Part of your record is shown to somebody in your best interests, for a time.",
    "capacity": "A professional assessed whether you can decide something yourself.",
    "power": "Somebody who may act for you was registered, or is so no more.",
    "parent": "A parent was registered for your record, reviewed, or is so no more.",
    "erased": "Words in your record were erased.",
    "answer": "There is an answer to your question or to your dispute.",
    "released": "A result is there for you to read.",
}
"""What patients are told, in plain words: they say that there is something, never what it is."""

_TELL = """
    insert into projections.notice (record, kind, about, subject, said_at, due_at, position)
    values (%s, %s, %s, %s, %s, %s, %s) on conflict (record, kind, about)
    do update set said_at = excluded.said_at, due_at = excluded.due_at, position = excluded.position
"""
# The notice of a review is no earlier than that of what was reviewed.
_TELL_OF_REVIEW = """
    insert into projections.notice (record, kind, about, subject, said_at, due_at, position)
    select %s::uuid, 'emergency-reviewed', %s::uuid, %s::uuid, %s::bigint, greatest(%s::bigint, max(due_at)), %s::bigint
    from projections.notice where record = %s::uuid and kind = 'emergency' and about = %s::uuid
    on conflict (record, kind, about)
    do update set said_at = excluded.said_at, due_at = excluded.due_at, position = excluded.position
"""
_DELAY = """
    update projections.notice set due_at = %s::bigint
    where record = %s::uuid and kind in ('emergency', 'emergency-reviewed') and about = %s::uuid
"""
# Record by record (``offset 0`` says so to the planner): it costs what is theirs, however many notices others have.
_OF_PATIENT = """
    select n.record, r.patient, n.kind, n.subject, n.due_at, n.position
    from projections.record r, lateral (select * from projections.notice where record = r.record offset 0) n
    where r.patient = %s::uuid and n.due_at <= %s::bigint and (n.due_at, n.position) < (%s::bigint, %s::bigint)
    order by n.due_at desc, n.position desc limit %s::bigint
"""
# What was said so far was said by the instant of the newest notice, so none can come to stand before that; one that was
# delayed beyond it waits until nothing can still be on its way.
_OUTBOX = """
    with settled as (
        select greatest(max(said_at), %s::bigint) as at from projections.notice
    )
    select n.record, r.patient, n.kind, n.subject, n.due_at, n.position
    from settled, projections.notice n join projections.record r using (record)
    where n.due_at <= least(settled.at, %s::bigint) and (n.due_at, n.position) > (%s::bigint, %s::bigint)
    order by n.due_at, n.position limit %s::bigint
"""
ON_ITS_WAY: Final = MINUTE
"""So long after its instant, at most, is something admitted and taken in."""
BEGINNING: Final = (Instant(0), -1)
_END: Final = (Instant(2**62), 0)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice to a patient. ``subject`` is the item or matter that it is about, None for the record.

    A place in the outbox, or in a patient's list, is (``due_at``, ``position``).
    """

    record: str
    patient: str
    kind: str
    subject: str | None
    due_at: Instant
    position: int

    @property
    def place(self) -> tuple[Instant, int]:
        """Where the list goes on after it."""
        return self.due_at, self.position


class NoticesProjection:
    """Keeps the notices."""

    TABLES: ClassVar[tuple[str, ...]] = ("notice",)

    async def apply(self, connection: Connection, said: Sequence[Said]) -> None:
        """Take in what patients are told of, in the order in which it was said."""
        for one in said:
            tell = _TELLS.get(one.type)
            if tell is not None and (told := tell(one)) is not None:
                sql, values = told
                await connection.execute(sql, values, prepare=True)


class Notices:
    """Reads the notices. ``at`` is the instant for which they are read: what is due later is not there."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    async def of_patient(
        self, patient: str, at: Instant, *, before: tuple[Instant, int] | None = None, limit: int = 50
    ) -> list[Notice]:
        """A patient's notices, newest first; pass the last one's place for the next page."""
        rows = await self._follower.select(_OF_PATIENT, [patient, at, *(before or _END), min(limit, LARGEST_PAGE)])
        return [_notice(row) for row in rows]

    async def outbox(
        self, at: Instant, *, after: tuple[Instant, int] = BEGINNING, limit: int = LARGEST_PAGE
    ) -> list[Notice]:
        """Every patient's notices in the order in which they are due, each once, wherever one stops and goes on.

        A notice that was delayed after it had come is there a second time, when the delay is over.
        """
        values = [at - ON_ITS_WAY, at, *after, min(limit, LARGEST_PAGE)]
        return [_notice(row) for row in await self._follower.select(_OUTBOX, values)]


_Told = tuple[str, list[Any]] | None


def _tells(kind: str, about: str, *, of: bool = True) -> Callable[[Said], _Told]:
    """A notice at once about what this member of the facts names; ``of``: the patient must be able to see that.

    What the patient said themselves is no news to them.
    """

    def told(said: Said) -> _Told:
        if said.acting_as == "patient":
            return None
        name, at = said.facts[about], said.recorded_at
        subject = name if of else None
        return _TELL, [said.facts["record"], kind, name, subject, at, at, said.position]

    return told


def _emergency_reviewed(said: Said) -> _Told:
    record, name, at = said.facts["record"], said.facts["emergency"], said.recorded_at
    return _TELL_OF_REVIEW, [record, name, name, at, at, said.position, record, name]


def _notice_delayed(said: Said) -> _Told:
    return _DELAY, [parse_instant(said.facts["until"]), said.facts["record"], said.facts["emergency"]]


def _result_held(said: Said) -> _Told:
    item, until = said.facts["item"], parse_instant(said.facts["until"])
    return _TELL, [said.facts["record"], "released", item, item, said.recorded_at, until, said.position]


_CHANGED_FOR_THEM: Final = _tells("directive-for-you", "record", of=False)
_TELLS: Final[Mapping[str, Callable[[Said], _Told]]] = {
    "emergency-opened/1": _tells("emergency", "emergency"),
    "emergency-opened/2": _tells("emergency", "emergency"),
    "emergency-reviewed/1": _emergency_reviewed,
    "notice-delayed/1": _notice_delayed,
    "directive-made/1": _tells("directive-for-you", "directive", of=False),
    "directive-withdrawn/1": _tells("directive-for-you", "directive", of=False),
    "results-wish-stated/1": _CHANGED_FOR_THEM,
    "carer-suspended/1": _CHANGED_FOR_THEM,
    "carer-restored/1": _CHANGED_FOR_THEM,
    "sharing-stopped/1": _CHANGED_FOR_THEM,
    "sharing-frozen/1": _CHANGED_FOR_THEM,
    "sharing-unfrozen/1": _CHANGED_FOR_THEM,
    "carer-named/1": _CHANGED_FOR_THEM,
    "carer-ended/1": _CHANGED_FOR_THEM,
    "together-started/1": _tells("directive-for-you", "together", of=False),
    "best-interests-made/1": _tells("best-interests", "best_interests"),
    "best-interests-ended/1": _tells("best-interests", "best_interests"),
    "capacity-assessed/1": _tells("capacity", "assessment"),
    "capacity-withdrawn/1": _tells("capacity", "assessment"),
    "power-registered/1": _tells("power", "power", of=False),
    "power-ended/1": _tells("power", "power", of=False),
    "parent-registered/1": _tells("parent", "parental", of=False),
    "parent-reviewed/1": _tells("parent", "parental", of=False),
    "parent-ended/1": _tells("parent", "parental", of=False),
    "content-erased/1": _tells("erased", "item"),
    "access-answered/1": _tells("answer", "question"),
    "dispute-answered/1": _tells("answer", "item"),
    "dispute-reviewed/1": _tells("answer", "item"),
    "result-held/1": _result_held,
    "result-released/1": _tells("released", "item"),
}
"""Of which statements a patient is told."""


def _notice(row: Sequence[Any]) -> Notice:
    record, patient, kind, subject, due_at, position = row
    told = None if subject is None else str(subject)
    return Notice(str(record), str(patient), kind, told, Instant(due_at), position)
