"""One disclosure held to the facts before it. Pure: a disclosure names its viewer, instant, policy and position.

What was shown must be permitted now as then, by the same rule and on the same facts; what was refused must be refused;
and what the disclosure says of its own time must not claim more than was so. A page may show less than is permitted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.decisions import Decision, Deny, Facts, Permit, Request
from ledger.core.instants import SECOND, Instant, format_instant, parse_instant
from ledger.core.policy import Judge, judge_of
from ledger.core.said import Said

JUDGES: Final[Mapping[int, Callable[[Facts, Request], Judge]]] = {1: judge_of}
"""The judge of each version in ``ledger.core.policy.POLICIES``: one for a disclosure, asked for each of its items."""
AHEAD_AT_MOST: Final = 5 * SECOND
"""By how much the instant of a decision may be after its recording: a machine's clock may be set back between them."""
WHOLE: Final = "the whole record"
_UNKNOWN_RECORD: Final = "unknown-record"


@dataclass(frozen=True, slots=True)
class Basis:
    """One side of a comparison: what came out, by which rule, on the facts at which positions (ascending)."""

    outcome: str
    rule: str | None = None
    evidence: tuple[int, ...] = ()

    @classmethod
    def of(cls, decision: Decision) -> "Basis":
        """What a decision came to."""
        return cls("permitted" if isinstance(decision, Permit) else "denied", decision.rule, decision.evidence)

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"outcome": self.outcome, "rule": self.rule, "evidence": list(self.evidence)}

    def __str__(self) -> str:
        if self.rule is None:
            return self.outcome
        on = f" on {', '.join(map(str, self.evidence))}" if self.evidence else ""
        return f"{self.outcome} by {self.rule}{on}"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a recorded disclosure is not what its facts and its policy come to.

    ``what`` is what differs: an item, the whole record, or a member of the disclosure. ``record`` and ``viewer`` are
    None where the disclosure itself cannot be read.
    """

    position: int
    what: str
    recorded: Basis
    derived: Basis
    record: str | None = None
    viewer: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "position": self.position,
            "record": self.record,
            "viewer": self.viewer,
            "what": self.what,
            "recorded": self.recorded.as_json(),
            "derived": self.derived.as_json(),
        }

    def __str__(self) -> str:
        return (
            f"disclosure at position {self.position}, {self.what}: got {self.recorded} as recorded, wanted"
            f" {self.derived} as derived again; show both evidences to the guardian"
        )


def request_of(disclosure: Said) -> Request:
    """What was asked, as a ``disclosure-made/1`` tells it."""
    facts = disclosure.facts
    at = parse_instant(facts["at"])
    return Request(facts["viewer"], facts["acting_as"], at, facts["via"], facts["case"], None, facts["purpose"])


def shown_in(disclosure: Said) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The items and matters that a disclosure showed, each with its rule and evidence."""
    groups: Sequence[Mapping[str, Any]] = disclosure.facts["permitted"]
    return {item: (group["rule"], tuple(group["evidence"])) for group in groups for item in group["items"]}


def differences(disclosure: Said, facts: Facts) -> list[Difference]:
    """Everything in which a disclosure differs from what ``facts`` (those before its position) come to."""
    version = disclosure.facts["policy"]
    judge_for = JUDGES.get(version)
    if judge_for is None:
        known = ", ".join(map(str, sorted(JUDGES)))
        return [_difference(disclosure, "policy", Basis(f"version {version}"), Basis(f"one of version {known}"))]
    comparing = _Comparing(disclosure, facts, judge_for(facts, request_of(disclosure)))
    return list(comparing.all())


class _Comparing:
    """One disclosure beside one judge."""

    __slots__ = ("_disclosure", "_facts", "_judge", "_told", "_until")

    def __init__(self, disclosure: Said, facts: Facts, judge: Judge) -> None:
        self._disclosure, self._told, self._facts, self._judge = disclosure, disclosure.facts, facts, judge
        self._until: Instant | None = None

    def all(self) -> Iterator[Difference]:
        """Compare all of it; times last, as they depend on what is permitted."""
        yield from self._whole()
        yield from self._items()
        yield from self._times()

    def _whole(self) -> Iterator[Difference]:
        refused = self._told["refused"]
        derived = self._refusal(refused)
        if refused != derived.rule:
            yield self._differs(WHOLE, _OPENED if refused is None else Basis("denied", refused), derived)
        elif refused is not None and self._told["permitted"]:
            yield self._differs(WHOLE, Basis(f"denied by {refused}, and items shown"), Basis("no item shown"))

    def _refusal(self, recorded: str | None) -> Basis:
        """By what the request is refused as a whole.

        Where one item was asked for and refused, the disclosure does not name it: the rule must be that of some item.
        """
        record, whole = self._facts.record, self._judge.whole
        if record is None or record.opened is None:
            return Basis("denied", _UNKNOWN_RECORD)
        if isinstance(whole, Deny):
            return Basis.of(whole)
        if recorded == "unknown-item" or any(self._is_denied_by(recorded, item) for item in self._items_if(recorded)):
            return Basis("denied", recorded)
        return _OPENED

    def _items_if(self, refused: str | None) -> Iterator[str]:
        if refused is not None and self._facts.record is not None:
            yield from self._facts.record.items
            yield from self._facts.record.matters

    def _is_denied_by(self, rule: str | None, item: str) -> bool:
        decision = self._judge(item)
        return isinstance(decision, Deny) and decision.rule == rule

    def _items(self) -> Iterator[Difference]:
        judge, seen = self._judge, set[str]()
        for group in self._told["permitted"]:
            rule, evidence = group["rule"], tuple(group["evidence"])
            for item in group["items"]:
                decision = judge(item)
                if isinstance(decision, Permit) and decision.rule == rule and decision.evidence == evidence:
                    if decision.until is not None and (self._until is None or decision.until < self._until):
                        self._until = decision.until
                else:
                    yield self._differs(f"item {item}", Basis("permitted", rule, evidence), Basis.of(decision))
                if item in seen:
                    yield self._differs(f"item {item}", Basis("shown twice"), Basis("shown once"))
                seen.add(item)

    def _times(self) -> Iterator[Difference]:
        said, told = self._disclosure, self._told
        if told["as_of"] >= said.position:
            yield self._differs("as_of", Basis(str(told["as_of"])), Basis(f"a position before {said.position}"))
        if parse_instant(told["at"]) > said.recorded_at + AHEAD_AT_MOST:
            recorded = format_instant(said.recorded_at)
            yield self._differs("at", Basis(told["at"]), Basis(f"no later than it was recorded, {recorded}"))
        until = None if told["valid_until"] is None else parse_instant(told["valid_until"])
        if until is not None and said.recorded_at >= until:
            recorded = format_instant(said.recorded_at)
            yield self._differs("valid_until", Basis(told["valid_until"]), Basis(f"after it was recorded, {recorded}"))
        if self._until is not None and (until is None or until > self._until):
            latest = Basis(f"{format_instant(self._until)} at the latest")
            yield self._differs("valid_until", Basis(str(told["valid_until"])), latest)

    def _differs(self, what: str, recorded: Basis, derived: Basis) -> Difference:
        return _difference(self._disclosure, what, recorded, derived)


_OPENED: Final = Basis("opened")


def _difference(disclosure: Said, what: str, recorded: Basis, derived: Basis) -> Difference:
    told = disclosure.facts
    return Difference(disclosure.position, what, recorded, derived, told["record"], told["viewer"])
