"""Who is around a record for a time: in care, together with a carer, in an emergency; and who was asked why."""

from dataclasses import dataclass, field

from ledger.core.directives import Grantee
from ledger.core.instants import Instant
from ledger.core.people import Standing, Term


@dataclass(frozen=True, slots=True)
class Care:
    """A care relationship of a clinician or a team (``grantee`` as in a directive), begun on a ground."""

    grantee: Grantee
    ground: str
    term: Term


@dataclass(frozen=True, slots=True)
class Together:
    """A session in which a carer and the patient look together, until ``ends`` at the latest."""

    position: int
    person: str
    started_by: str
    ends: Instant


@dataclass(slots=True)
class Emergency:
    """One clinician's emergency access, and the items opened one by one in it (item id to position).

    ``delayed`` is the guardian's last delay of the notice to the patient, and its end.
    """

    position: int
    person: str
    ends: Instant
    opened: dict[str, int] = field(default_factory=dict)
    reviewed: str | None = None
    delayed: Standing | None = None

    def in_force(self, at: Instant) -> bool:
        """Has time not run out, and no guardian found it not justified?"""
        return at < self.ends and self.reviewed != "not-justified"

    def kept_quiet(self, at: Instant) -> Standing | None:
        """The guardian's delay of the notice to the patient, while it holds."""
        delayed = self.delayed
        return delayed if delayed is not None and delayed.until is not None and at < delayed.until else None


@dataclass(frozen=True, slots=True)
class Question:
    """The patient's question about an access, to the ``viewer`` who looked, and where it was answered."""

    position: int
    author: str
    viewer: str
    answered: int | None = None
