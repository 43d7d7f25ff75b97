"""Parts: what each part of a record is to one grantee now, by the very directives that rule 5 asks (``consent``).

What is said of a part decides about the items that have no directive of their own: about those with a sensitive topic,
of which every one must be shared, the topics' parts; about the others their kind's. Freeze, suspension, best interests
and what professionals keep are no matter of a part; a suspended carer's parts are what they are again once restored.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from ledger.core.consent import UNMET, Consent, Saying
from ledger.core.decisions import Facts, Request
from ledger.core.directives import ALL_CARERS, EVERYTHING, Grantee, Scope
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.item_facts import Item
from ledger.core.people import PersonFacts, PolicyFacts, Term


class PartNow(NamedTuple):
    """One part. ``effect``: shared, unmet (its condition is not met now), withheld; None where nothing is said of it.

    ``directive`` is the one that decides, ``own`` the current one of this grantee for this very part. ``beneath`` would
    be the effect without that. ``differing`` items within the part have a directive of their own that says otherwise.
    """

    scope: Scope
    effect: str | None
    directive: str | None
    own: str | None
    beneath: str | None
    differing: int


_NOBODY: Final = ""
_ALWAYS: Final = Term(0, Instant(0), None)


class PartsOf:
    """The parts of one grantee at an instant: of a person, of a team, or of all carers.

    ``viewer`` is what is known of the person. A team's parts, or all carers', are those of somebody of whom nothing
    else is said. ``treats``: in care of the record, to whom rule 4 shows what is not withheld.
    """

    def __init__(
        self,
        record: RecordFacts,
        policy: PolicyFacts,
        at: Instant,
        grantee: Grantee,
        viewer: PersonFacts | None = None,
        *,
        treats: bool = False,
    ) -> None:
        kind, named = grantee
        member = {named: _ALWAYS} if kind == "team" else {}
        self._viewer = viewer or PersonFacts(_NOBODY, teams=member)
        self._policy, self._grantee, self._treats = policy, grantee, treats
        self._asked = Request(self._viewer.person, "carer", at)
        self._record = replace(record, suspended={}) if viewer is not None else _said_to(record, grantee)
        self._named = {directive.position: directive.id for directive in record.directives.values()}
        self._consent = self._consent_in(self._record)

    def of(self, scopes: Iterable[Scope], items: Collection[Item] = ()) -> list[PartNow]:
        """Each of these parts; ``items`` are those of which somebody may hear that they differ."""
        differing = self._differing(items)
        return [self._part(scope, differing) for scope in scopes]

    def _part(self, scope: Scope, differing: Sequence[Scope]) -> PartNow:
        said, own = self._within(self._consent, scope), self._record.current_directive(self._grantee, scope)
        return PartNow(
            scope,
            _effect(said),
            None if said is None else next(self._named[at] for at in said.standing.evidence if at in self._named),
            None if own is None else own.id,
            _effect(said) if own is None else _effect(self._within(self._without(scope), scope)),
            differing.count(scope),
        )

    def _without(self, scope: Scope) -> Consent:
        """The same as if this grantee's directive for this scope were withdrawn."""
        own = self._record.current[self._grantee]
        left = {named: directive for named, directive in own.items() if named != scope}
        return self._consent_in(replace(self._record, current={**self._record.current, self._grantee: left}))

    def _differing(self, items: Collection[Item]) -> list[Scope]:
        """The part of each item whose own directive says something else than that part does."""
        found: list[Scope] = []
        for item in items:
            said = self._consent.within(item.scope)
            if said is not None:
                parts: list[Scope] = [("topic", topic) for topic in item.topics] or [("kind", item.kind)]
                found += [part for part in parts if _effect(self._within(self._consent, part)) != said.effect]
        return found

    def _consent_in(self, record: RecordFacts) -> Consent:
        return Consent(Facts(record, self._viewer, policy=self._policy), record, self._asked)

    def _within(self, consent: Consent, scope: Scope) -> Saying | None:
        """What decides about a part. To who treats, a share that is not met says nothing and leaves it to the wider."""
        if not self._treats:
            return consent.kind_or_everything(scope[1]) if scope[0] == "kind" else consent.within(scope)
        said = [consent.within(one) for one in ((scope, EVERYTHING) if scope[0] == "kind" else (scope,))]
        return next((one for one in said if one is not None and one.effect != UNMET), None)


def _said_to(record: RecordFacts, grantee: Grantee) -> RecordFacts:
    """The record with what is said to this grantee and to nobody nearer or wider; a transfer takes seals along."""
    before: list[Grantee] = [("team", team) for team in record.handed_to([grantee[1]])]
    current = {one: record.current.get(one, {}) for one in (grantee, *before)}
    carers = {_NOBODY: 0} if grantee == ALL_CARERS else {}
    return replace(record, suspended={}, current=current, carers=carers, sessions={})


def _effect(said: Saying | None) -> str | None:
    return None if said is None else said.effect
