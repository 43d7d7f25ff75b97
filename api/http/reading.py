"""What every reading of a record has in common: its purpose, its page, and where the next page begins."""

from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, Final, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api.http.bodies import UUID_PATTERN, names
from api.http.problems import MALFORMED, Problem, Refused
from api.http.service import Call
from ledger.core.terms import KINDS
from ledger.domain.errors import NotAllowed

PURPOSES: Final[Mapping[str, tuple[str, ...]]] = {
    "patient": ("own-record",),
    "carer": ("shared-with-me",),
    "attorney": ("shared-with-me",),
    "parent": ("shared-with-me",),
    "clinician": ("appointment", "task", "emergency", "correction"),
    "auditor": ("audit",),
    "guardian": ("audit", "correction"),
}
"""For what each reader may open a record. Who has one purpose only need not name it."""
LARGEST_PAGE: Final = 200


OfCase = Annotated[str | None, Query(pattern=UUID_PATTERN, description="An auditor's case.")]


class Page(BaseModel):
    """The query of a page: how much, from where on, and for what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE, description="Items at most.")
    cursor: str | None = Field(default=None, max_length=100, description="Of the page before.")
    purpose: str | None = Field(default=None, max_length=64, description="Clinicians name one for each session.")


Via = Literal["screen", "print", "in-person"]


class OneItem(BaseModel):
    """The query of one item: for what, how it is shown, and an auditor's case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str | None = Field(default=None, max_length=64, description="Clinicians name one for each session.")
    via: Via = "screen"
    case: OfCase = None


def checked_kinds(asked: Iterable[str], known: Collection[str]) -> frozenset[str]:
    """The kinds that a query names; raises Refused for one that is none of those known."""
    kinds = frozenset(asked)
    for kind in sorted(kinds.difference(known)):
        raise Refused(Problem(MALFORMED, f"kind: got {kind[:40]!r}, wanted one of {', '.join(known)}"))
    return kinds


class PageOfKinds(Page):
    """The query of a page of items: of some kinds only, if any are named."""

    kind: list[Annotated[str, names(*KINDS)]] = Field(
        default_factory=list, max_length=len(KINDS), description="Of these kinds only."
    )

    def kinds(self) -> frozenset[str]:
        """The kinds; raises Refused for one that is not of the vocabulary."""
        return checked_kinds(self.kind, KINDS)


class PageOfItems(PageOfKinds):
    """The query of a page of a record: an auditor's case, and how it is shown."""

    case: OfCase = None
    via: Via = "screen"


AskedPurpose = Annotated[str | None, Query(max_length=64, description="Clinicians name one for each session.")]


def purpose_of(call: Call, asked: str | None) -> str:
    """The purpose of a reading; raises Refused where it is missing, or not one of this reader's.

    Raises NotAllowed for who reads no records at all.
    """
    allowed = PURPOSES.get(call.session.acting_as, ())
    if not allowed:
        wanted = ", ".join(PURPOSES)
        raise NotAllowed(f"purpose: got acting_as {call.session.acting_as}, wanted one of {wanted}", "no-view")
    if asked is None and len(allowed) == 1:
        return allowed[0]
    if asked not in allowed:
        wanted = f"one of {', '.join(allowed)}"
        raise Refused(
            Problem(MALFORMED, f"purpose: got {asked and asked[:40]!r}, wanted {wanted}; name it in the query")
        )
    return asked


def via_of(call: Call, asked: str) -> str:
    """The way in which something is shown; raises Refused where somebody who is not the clinician claims presence.

    In person, what is kept off screens may be shown. A clinician attests that, looking along with the patient; it
    opens nothing more to the clinician. A patient or a carer alone with a screen is never there in person.
    """
    if asked == "in-person" and call.session.acting_as != "clinician":
        raise Refused(
            Problem(MALFORMED, "via: got 'in-person', wanted screen or print; only a clinician says who is there")
        )
    return asked


def case_of(call: Call, asked: str | None) -> str | None:
    """The case of a reading: auditors name one, nobody else has any."""
    return asked if call.session.acting_as == "auditor" else None
