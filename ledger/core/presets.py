"""Presets: a few words of the patient's, turned into the directives that mean them.

``medicines``, ``plan`` (the plan, not the details) and ``everything-except`` (what is ticked) say what one carer sees
from now on; ``freeze`` lets them keep what they have seen and shows nothing new; ``stop`` ends all sharing.

A preset of what a carer sees decides by kind. A sensitive topic is part of none: it is shared by itself, as ever. An
item that is withheld from the carer by name stays so. What a wider grantee (a team, all carers) shares beyond the
preset is withheld from this carer. Suspension and freeze are left as they are.

The steps are in an order in which no moment between them shows more than was seen before or is meant after: first what
closes, the widest scope first and an item before its answers, so that nothing falls through to something open; then
what opens.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from ledger.core.directives import ALL_CARERS, EVERYTHING, Directive, Scope
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.item_facts import Item, lineage

KINDS_OF: Final[Mapping[str, frozenset[str]]] = {
    "medicines": frozenset({"medicine"}),
    "plan": frozenset({"plan-for-carers"}),
}
"""What a preset that names its kinds shows."""
EVERYTHING_EXCEPT: Final = "everything-except"
PRESETS: Final = (*KINDS_OF, EVERYTHING_EXCEPT, "freeze", "stop")

Does = Literal["withdraw", "withhold", "share", "freeze", "stop"]
Directives = Mapping[Scope, Directive]


class Step(NamedTuple):
    """One statement of a preset. ``directive`` is the one that is withdrawn or replaced, None if there is none."""

    does: Does
    scope: Scope | None = None
    directive: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the patient chose: a preset, for which carer (for ``stop``: nobody), and what they ticked."""

    preset: str
    person: str | None = None
    ticked: frozenset[Scope] = field(default_factory=frozenset)


def steps_of(
    record: RecordFacts, chosen: Chosen, at: Instant, *, teams: Collection[str] = (), sees: Callable[[str], bool]
) -> list[Step]:
    """What is still to be said for a preset, in its order; nothing where all is as it means.

    ``teams`` are those the carer is a member of, or will be. ``sees`` says of an item whether the patient sees it:
    nobody directs what they do not see, and a carer sees nothing of it either.
    """
    if chosen.preset == "stop":
        shares = any(one.shares for by_scope in record.current.values() for one in by_scope.values())
        together = any(at < session.ends for session in record.sessions.values())
        return [Step("stop")] if shares or together or record.representation.best_interests else []
    if chosen.preset == "freeze":
        return [Step("freeze")] if chosen.person not in record.frozen else []
    return _Preset(record, chosen, at, teams, sees).steps()


class _Preset:
    """The steps to what one carer is to see."""

    def __init__(
        self,
        record: RecordFacts,
        chosen: Chosen,
        at: Instant,
        teams: Collection[str],
        sees: Callable[[str], bool],
    ) -> None:
        self._record, self._ticked, self._at, self._sees = record, chosen.ticked, at, sees
        self._kinds = KINDS_OF.get(chosen.preset)
        self._frozen = chosen.person in record.frozen
        self._own: Directives = record.current.get(("person", chosen.person or ""), {})
        self._wider: list[list[Directives]] = [_of_teams(record, teams), [record.current.get(ALL_CARERS, {})]]

    def steps(self) -> list[Step]:
        """What closes, then what opens."""
        directed: list[Directives] = [self._own, *self._all_wider()]
        named = {scope for by_scope in directed for scope in by_scope} | self._ticked
        if self._kinds is not None:
            named |= {("kind", kind) for kind in self._kinds}
        closing: list[Step | None] = []
        opening: list[Step | None] = []
        for scope in sorted(named | {EVERYTHING}, key=self._order):
            step = self._item(scope) if scope[0] == "item" else self._broad(scope)
            (opening if step is not None and step.does == "share" else closing).append(step)
        return [step for step in (*closing, *opening) if step is not None]

    def _order(self, scope: Scope) -> tuple[int, int, Scope]:
        """Everything, kinds, topics, items; an item before what answers it."""
        item = self._record.items.get(scope[1]) if scope[0] == "item" else None
        return _WIDEST_FIRST[scope[0]], 0 if item is None else item.position, scope

    def _broad(self, scope: Scope) -> Step | None:
        if scope in self._ticked:
            return self._withhold(scope)
        shown = scope[0] != "topic" and self._shows(scope)
        return self._share(scope) if shown else self._close(scope)

    def _shows(self, scope: Scope) -> bool:
        """Is everything, or a kind, among what the carer is to see?"""
        if self._kinds is None:
            return True
        return scope[0] == "kind" and scope[1] in self._kinds

    def _item(self, scope: Scope) -> Step | None:
        item = self._record.items.get(scope[1])
        own = self._own.get(scope)
        if scope in self._ticked:
            return self._withhold(scope)
        if item is None or not self._sees(item.id):
            return Step("withdraw", scope, own.id) if own is not None and own.shares else None
        if not all(self._is_meant(above) for above in lineage(item)):
            return self._close(scope)
        # Sharing an item anew would show it in spite of a freeze.
        return None if self._frozen or self._is_withheld(scope) else self._share(scope)

    def _is_meant(self, item: Item) -> bool:
        """Is this item, by itself, among what the carer is to see?"""
        plain = not item.topics and self._shows(("kind", item.kind)) and ("kind", item.kind) not in self._ticked
        return plain and item.scope not in self._ticked and not self._is_withheld(item.scope)

    def _is_withheld(self, scope: Scope) -> bool:
        """Does the nearest directive within this scope withhold?"""
        own: list[Directives] = [self._own]
        for tier in (own, *self._wider):
            said = [by_scope[scope] for by_scope in tier if scope in by_scope]
            if said:
                return any(not one.shares for one in said)
        return False

    def _close(self, scope: Scope) -> Step | None:
        """Withdraw the share; where a wider grantee has one, withhold, or it would fall through to that."""
        own = self._own.get(scope)
        if any(scope in wider and wider[scope].shares for wider in self._all_wider()):
            return self._withhold(scope)
        return Step("withdraw", scope, own.id) if own is not None and own.shares else None

    def _withhold(self, scope: Scope) -> Step | None:
        own = self._own.get(scope)
        if own is not None and not own.shares:
            return None
        return Step("withhold", scope, None if own is None else own.id)

    def _share(self, scope: Scope) -> Step | None:
        own = self._own.get(scope)
        return (
            None if own is not None and self._is_plain(own) else Step("share", scope, None if own is None else own.id)
        )

    def _is_plain(self, directive: Directive) -> bool:
        """Does it share from now on, always and whatever happens?"""
        begun = directive.starts is None or directive.starts <= self._at
        return directive.shares and begun and directive.ends is None and directive.condition is None

    def _all_wider(self) -> list[Directives]:
        return [by_scope for tier in self._wider for by_scope in tier]


_WIDEST_FIRST: Final = {"everything": 0, "kind": 1, "topic": 2, "item": 3}


def _of_teams(record: RecordFacts, teams: Collection[str]) -> list[Directives]:
    """What is said of these teams, and the seals that go along with the care that they took over."""
    said: list[Directives] = [record.current.get(("team", team), {}) for team in teams]
    for before in record.handed_to(teams):
        of_team = record.current.get(("team", before), {})
        said.append({scope: one for scope, one in of_team.items() if not one.shares})
    return said
