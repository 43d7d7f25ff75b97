"""What each part of a record is to whoever it may be shared with: rows and columns of "who can see what".

The parts are everything, each kind of which the reader sees an item or has directed something, and every sensitive
topic. Nothing here comes from an item that the reader does not see, and no directive about one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.decisions import Facts, Permit, Request
from ledger.core.directives import ALL_CARERS, EVERYTHING, Directive, Scope
from ledger.core.directives import Grantee as Named
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.item_facts import Item
from ledger.core.parts import PartsOf
from ledger.core.people import PolicyFacts
from ledger.core.policy import judge_of
from ledger.core.terms import KINDS
from ledger.disclosure import Disclosure
from ledger.ledger import Ledger

Directed = Mapping[Named, Mapping[Scope, Directive]]
"""What counts for each grantee, by its scope."""
_ORDER: Final = {kind: n for n, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Grantee:
    """To whom a directive is: a person, a team (each with id and name), or all carers."""

    kind: str
    id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """What one part is to one of them now (``ledger.core.parts``)."""

    scope: Mapping[str, Any]
    effect: str | None
    directive: str | None
    own: str | None
    beneath: str | None
    differing: int


@dataclass(frozen=True, slots=True)
class Sees:
    """What each part is to a carer, to who is in care, to a team with which something is shared, or to all carers."""

    grantee: Grantee
    parts: tuple[Part, ...]


async def items_seen(ledger: Ledger, disclosure: Disclosure, known: RecordFacts) -> list[Item]:
    """The items that the reader of the view sees on their screen."""
    policy = (await ledger.facts.policy()).fold
    viewer = (await ledger.facts.person(disclosure.viewer)).fold.facts
    judge = judge_of(
        Facts(known, viewer, policy=policy), Request(disclosure.viewer, disclosure.acting_as, ledger.clock())
    )
    return [item for item in known.items.values() if isinstance(judge(item.id), Permit)]


def directed_in(known: RecordFacts, items: Collection[Item]) -> Directed:
    """The directives that count, without those about an item that is none of these: they tell that it is there."""
    shown = {item.scope for item in items}
    return {
        grantee: {scope: one for scope, one in by_scope.items() if scope[0] != "item" or scope in shown}
        for grantee, by_scope in known.current.items()
    }


async def sees_what(
    ledger: Ledger, known: RecordFacts, names: Mapping[str, str | None], items: Collection[Item]
) -> tuple[Sees, ...]:
    """For each carer in the order of their naming, who is in care, each other team that is shared with, all carers.

    ``items`` are those that the reader sees.
    """
    policy, current = (await ledger.facts.policy()).fold, directed_in(known, items)
    scopes = _scopes(current, policy, items)
    scoped = set[Scope]().union(*current.values())
    directed = [item for item in items if item.scope in scoped]
    told = []
    for grantee, treats in _grantees(known, current, ledger.clock()):
        viewer = (await ledger.facts.person(grantee[1])).fold.facts if grantee[0] == "person" else None
        parts = PartsOf(known, policy, ledger.clock(), grantee, viewer, treats=treats).of(scopes, directed)
        told.append(Sees(_named(grantee, names), tuple(Part(as_said(one.scope), *one[1:]) for one in parts)))
    return tuple(told)


def as_said(scope: Scope) -> dict[str, str]:
    """A scope as statements have it."""
    kind, of = scope
    return {"kind": kind} if kind == "everything" else {"kind": kind, "of": of}


def _named(grantee: Named, names: Mapping[str, str | None]) -> Grantee:
    kind, one = grantee
    return Grantee(kind, one or None, names.get(one))


def _grantees(known: RecordFacts, current: Directed, at: Instant) -> list[tuple[Named, bool]]:
    """Each with whether they are in care, who may be a carer besides: then the one who is asked about is the carer."""
    carers: list[Named] = [("person", carer) for carer in known.carers]
    care = {one.grantee for one in known.care.values() if one.term.in_force(at)} - set(carers)
    shares = {grantee for grantee, said in current.items() if any(one.shares for one in said.values())}
    teams = sorted({grantee for grantee in shares if grantee[0] == "team"} - care)
    all_carers = [ALL_CARERS] if current.get(ALL_CARERS) else []
    in_care = [(one, True) for one in sorted(care)]
    return [*((one, False) for one in carers), *in_care, *((one, False) for one in (*teams, *all_carers))]


def _scopes(current: Directed, policy: PolicyFacts, items: Collection[Item]) -> list[Scope]:
    directed = {of for by_scope in current.values() for kind, of in by_scope if kind == "kind"}
    kinds = sorted({item.kind for item in items} | directed, key=lambda kind: _ORDER.get(kind, len(_ORDER)))
    topics = sorted(policy.topics)
    return [EVERYTHING, *(("kind", kind) for kind in kinds), *(("topic", topic) for topic in topics)]
