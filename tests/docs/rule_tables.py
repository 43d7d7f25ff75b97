"""The names of the rules with what they mean, from the product's one table, for the pages about them."""

from dataclasses import dataclass, field
from functools import cache

from ledger.core.decisions import Decision, Permit, Request, leaves_trace
from ledger.core.explanations import PERMITTED, REFUSED, why_permitted, why_refused
from ledger.core.explanations_of_saying import SAYING_PERMITTED, SAYING_REFUSED
from tests.core.disclosure.table import ROWS
from tests.core.story import Story, practice
from tests.docs.regions import table
from tests.docs.rule_names import READING, SPEAKING, Rules, rules_in

ALL_PERMITTED = {**PERMITTED, **SAYING_PERMITTED}
ALL_REFUSED = {**REFUSED, **SAYING_REFUSED}


def permits_to_see() -> str:
    """Why something is shown."""
    permits = rules_in(READING).permits
    rows = [[f"`{rule}`", one.means] for rule, one in PERMITTED.items() if rule in permits]
    return table(["rule", "it means"], rows)


def refusals_to_see() -> str:
    """Why something is not shown, and to whom that leaves a trace."""
    refusals, traces = rules_in(READING).refusals, leaving_a_trace()
    rows = [
        [f"`{rule}`", one.means, _who(traces.get(rule, frozenset()))]
        for rule, one in REFUSED.items()
        if rule in refusals
    ]
    return table(["rule", "it means", "may the reader know that something is there?"], rows)


def told_to_readers() -> str:
    """What those are told who are shown something, or may know that it is kept back."""
    shown = [[f"`{rule}`", "shown", one.told] for rule, one in PERMITTED.items() if one.told]
    kept = [[f"`{rule}`", "refused", one.told] for rule, one in REFUSED.items() if one.told]
    return table(["rule", "", "what the reader is told"], shown + kept)


def told_of_others() -> str:
    """What a patient is told who looks how their record looks to somebody else."""
    shown = [[f"`{rule}`", "shown", one.of_them] for rule, one in PERMITTED.items() if one.of_them]
    kept = [[f"`{rule}`", "kept back", one.of_them] for rule, one in REFUSED.items() if one.of_them]
    return table(["rule", "", "what the patient is told"], shown + kept)


def permits_to_say() -> str:
    """Why something is admitted."""
    permits = rules_in(SPEAKING).permits
    rows = [[f"`{rule}`", why_permitted(rule).means] for rule in ALL_PERMITTED if rule in permits]
    return table(["rule", "it means"], rows)


def refusals_to_say() -> str:
    """Why something is not admitted, and what the author is told."""
    refusals = rules_in(SPEAKING).refusals
    rows = [
        [f"`{rule}`", why_refused(rule).means, why_refused(rule).told or "that there is no such thing"]
        for rule in ALL_REFUSED
        if rule in refusals
    ]
    return table(["rule", "it means", "what the author is told"], rows)


def leaving_a_trace() -> dict[str, frozenset[str]]:
    """The rules whose refusal leaves a trace in any story of the rule's tests, and whom it leaves it."""
    return {rule: frozenset(readers) for rule, readers in _told_again().traces.items()}


def rules_met() -> Rules:
    """The rules that decide something in any of these stories."""
    return Rules(_told_again().permits, _told_again().refusals)


@dataclass(slots=True)
class _Met:
    permits: set[str] = field(default_factory=set)
    refusals: set[str] = field(default_factory=set)
    traces: dict[str, set[str]] = field(default_factory=dict)


@cache
def _told_again() -> _Met:
    """Every story of the table told again, and the rules that it met."""
    met = _Met()

    class Watched(Story):
        def decide(self, viewer: str, acting_as: str, item: str | None = None, **request: object) -> Decision:
            decision = super().decide(viewer, acting_as, item, **request)
            if isinstance(decision, Permit):
                met.permits.add(decision.rule)
            else:
                met.refusals.add(decision.rule)
                if leaves_trace(decision, Request(viewer, acting_as, self.now)):
                    met.traces.setdefault(decision.rule, set()).add(acting_as)
            return decision

    for told in ROWS:
        story, begun = Watched(), practice()
        story.said, story.now = list(begun.said), begun.now
        told.check(story)
    return met


def _who(readers: frozenset[str]) -> str:
    return ", ".join(f"the {reader}" for reader in sorted(readers)) or "no"
