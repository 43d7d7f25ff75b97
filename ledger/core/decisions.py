"""Decisions are values: Permit or Deny, with the rule that decided and the facts it rests on.

A fact is named by its position in the ledger. The item's own first statement is not repeated in the evidence,
since the decision is about that item: so items that are decided alike share one decision.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.people import PersonFacts, PolicyFacts, Standing, TeamFacts

VIAS: Final = ("screen", "export", "print", "preview", "search", "trail", "in-person")
"""The ways in which something is shown. Everything but ``in-person`` counts as a screen."""


@dataclass(frozen=True, slots=True)
class Permit:
    """Allowed by ``rule``, resting on the facts at the positions ``evidence`` (ascending).

    ``until`` is the first instant at which time alone ends this permit; None if time alone never does.
    """

    rule: str
    evidence: tuple[int, ...] = ()
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class Deny:
    """Refused by ``rule``, resting on ``evidence``. ``trace``: may the viewer know that something is there?"""

    rule: str
    evidence: tuple[int, ...] = ()
    trace: bool = False


Decision = Permit | Deny
UNKNOWN_ITEM: Final = Deny("unknown-item")
"""Also the answer to what is hidden without a trace."""
CARERS: Final = frozenset({"carer", "attorney"})
"""Who is never shown that something is there which they may not see."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks to see what: ``item`` of a record, or (None) whether the record may be opened at all.

    ``purpose`` is the session's, as in ``disclosure-made/1``; ``case`` is an auditor's.
    """

    viewer: str
    acting_as: str
    at: Instant
    via: str = "screen"
    case: str | None = None
    item: str | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts before one position that a decision reads.

    ``record`` is None for a statement about no record. ``viewer`` is who asks, or the author of a statement;
    ``teams`` must hold every team of the viewer, and each team a statement names. ``subject`` is the person a
    statement is about (``ledger.core.authority.person_named_in``), or None if nobody is known by that id.
    """

    record: RecordFacts | None
    viewer: PersonFacts
    teams: Mapping[str, TeamFacts] = field(default_factory=dict)
    policy: PolicyFacts = field(default_factory=PolicyFacts)
    subject: PersonFacts | None = None


def permit(rule: str, *standings: Standing) -> Permit:
    """A Permit that rests on all of these together, and ends with the first of them to end."""
    whole = Standing.of(*standings)
    return Permit(rule, whole.evidence, whole.until)


def standing_of(decision: Permit) -> Standing:
    """What a Permit rests on."""
    return Standing(decision.evidence, decision.until)


def leaves_trace(deny: Deny, request: Request) -> bool:
    """May this viewer be shown that something is here which they may not see? Never a carer, nor a preview of one.

    A treating clinician sees that something is sealed, unless the patient chose hidden. A patient sees that
    something is withheld where the ground allows it.
    """
    return deny.trace and request.acting_as not in CARERS and request.via != "preview"
