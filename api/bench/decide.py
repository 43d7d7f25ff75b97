"""``bench decide``: items decided per second for a record of 10,000 items and 200 directives, in one process."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random
from statistics import median
from typing import Any, Final

from api.bench.place import resident_mb
from api.bench.windows import Tell
from ledger.core.decisions import Facts, Permit, Request
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant, format_instant
from ledger.core.people import PersonFacts, PolicyFacts, TeamFacts
from ledger.core.policy import judge_of
from ledger.core.said import Said
from ledger.core.terms import KINDS, TOPICS

ITEMS: Final = 10_000
DIRECTIVES: Final = 200
ROUNDS: Final = 7
TARGETS: Final = {
    "patient_decisions_per_second": 100_000,
    "clinician_decisions_per_second": 100_000,
    "carer_decisions_per_second": 100_000,
}
"""The least that each should be."""
_NOW: Final = Instant(1_777_798_800_000)
"""2026-05-03T09:00:00Z"""
_PURPOSES: Final = {"patient": "own-record", "clinician": "appointment", "carer": "shared-with-me"}
_ADULT: Final = tuple(kind for kind in KINDS if kind not in ("comment", "flag"))


def run(
    *, rounds: int = ROUNDS, items: int = ITEMS, directives: int = DIRECTIVES, tell: Tell = lambda _: None
) -> dict[str, Any]:
    """Measure whole requests: a judge made from the facts, and every item of the record decided by it.

    A tenth of the items are comments, a third have topics; a fifth of the directives withhold, half are about single
    items. Gives decisions per second of processor time, as in ``TARGETS``; for each reader the share permitted; and
    how many look-ups of an item in a dictionary, which any decision needs at least, take as long as one decision.
    """
    tell(f"folding {items:,} items and {directives:,} directives")
    scene = Scene.made(items, directives)
    outcome: dict[str, Any] = {"items": items, "directives": directives}
    lookups: list[float] = []
    rates: dict[str, list[float]] = {acting_as: [] for acting_as in _PURPOSES}
    for n in range(rounds):
        tell(f"round {n + 1} of {rounds}")
        lookups.append(_rate(items, scene.look_up))
        for acting_as, measured in rates.items():
            measured.append(_rate(items, partial(_decide, scene.facts(acting_as), scene.request(acting_as))))
    for acting_as, measured in rates.items():
        outcome[f"{acting_as}_decisions_per_second"] = median(measured)
        outcome[f"{acting_as}_share_permitted"] = _decide(scene.facts(acting_as), scene.request(acting_as)) / items
        ratios = [lookup / rate for lookup, rate in zip(lookups, measured, strict=True)]
        outcome[f"{acting_as}_lookups_per_decision"] = median(ratios)
    return {**outcome, "service_rss_mb": resident_mb()}


@dataclass(frozen=True, slots=True)
class Scene:
    """A record with its patient, a clinician of the team in care, and a carer; each with their own facts."""

    record: RecordFacts
    people: dict[str, PersonFacts]
    team: TeamFacts

    @classmethod
    def made(cls, items: int, directives: int) -> "Scene":
        """The same each time, from a seed."""
        said = list(_Telling(Random(items)).all(items, directives))  # noqa: S311 - chance in a bench, no secret
        record = RecordFacts.of("record", said)
        people = {acting_as: PersonFacts.of(acting_as, said) for acting_as in _PURPOSES}
        return cls(record, people, TeamFacts.of("team", said))

    def facts(self, acting_as: str) -> Facts:
        """What bears on this reader's request."""
        return Facts(self.record, self.people[acting_as], {self.team.team: self.team}, PolicyFacts())

    def request(self, acting_as: str) -> Request:
        """Their request, on a screen."""
        return Request(acting_as, acting_as, _NOW, purpose=_PURPOSES[acting_as])

    def look_up(self) -> int:
        """Find each item by its id, and see whether it is erased."""
        items = self.record.items
        return sum(items[item].erased is None for item in list(items))


def _decide(facts: Facts, request: Request) -> int:
    """Decide every item of the record; gives how many are permitted."""
    judge = judge_of(facts, request)
    assert facts.record is not None  # noqa: S101 - the scene has a record
    return sum(isinstance(judge(item), Permit) for item in facts.record.items)


def _rate(items: int, once: Callable[[], int]) -> float:
    """Items per second of processor time; the best of three, as whatever disturbs only makes it slower."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        once()
        best = min(best, time.process_time() - started)
    return items / best


class _Telling:
    """Says what there is to fold, one statement a second. Words stand for ids, which nothing here parses."""

    def __init__(self, random: Random) -> None:
        self._random, self._positions = random, count()

    def all(self, items: int, directives: int) -> Iterator[Said]:
        """Who is there, then items, then directives."""
        always = {"from": format_instant(Instant(0)), "until": None}
        team = {"kind": "team", "id": "team"}
        yield self._say("record-opened/1", patient="patient")
        yield self._say("role-granted/1", person="clinician", role="clinician", **always)
        yield self._say("team-formed/1", team="team", profile=None)
        yield self._say("team-joined/1", team="team", person="clinician", **always)
        yield self._say("care-started/1", care="care", grantee=team, ground="referral", **always)
        yield self._say("carer-named/1", person="carer")
        for n in range(items):
            yield self._item(n)
        for n in range(directives):
            yield self._directive(n, items)

    def _item(self, n: int) -> Said:
        pick = self._random
        comment = n > 0 and n % 10 == 0
        topics = pick.sample(TOPICS, pick.choice((1, 2))) if n % 3 == 0 and not comment else []
        return self._say(
            "item-added/1", item=f"item {n}", kind="comment" if comment else pick.choice(_ADULT), topics=topics,
            parent=f"item {pick.randrange(n)}" if comment else None, concern="comment" if comment else None,
            due=None, in_confidence=False, discussed=True, copy_given=False, imported=None,
        )  # fmt: skip

    def _directive(self, n: int, items: int) -> Said:
        pick = self._random
        to = pick.choice(({"kind": "person", "id": "carer"}, {"kind": "team", "id": "team"}, _CARERS))
        wide = pick.choice(({"kind": "kind", "of": pick.choice(_ADULT)}, {"kind": "topic", "of": pick.choice(TOPICS)}))
        single = {"kind": "item", "of": f"item {pick.randrange(items)}"}
        return self._say(
            "directive-made/1", directive=f"directive {n}", grantee=to, scope=single if n % 2 else wide,
            effect="withhold" if n % 5 == 0 else "share", condition=None, replaces=None, hidden=False,
            **{"from": None, "until": None},
        )  # fmt: skip

    def _say(self, statement_type: str, **facts: Any) -> Said:
        position = next(self._positions)
        at = Instant(_NOW - 1_000 * (1_000_000 - position))
        told = {"record": "record", **facts}
        return Said(position, at, at, statement_type, "author", "clinician", told)


_CARERS: Final = {"kind": "all-carers"}
