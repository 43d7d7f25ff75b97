"""What every reading of a record has in common: its purpose, its page, and where the next page begins."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api.http.problems import MALFORMED, Problem, Refused
from api.http.service import Call
from ledger.core.terms import KINDS

PURPOSES: Final[Mapping[str, tuple[str, ...]]] = {
    "patient": ("own-record",),
    "carer": ("shared-with-me",),
    "clinician": ("appointment", "task", "emergency", "correction"),
    "auditor": ("audit",),
    "guardian": ("audit", "correction"),
}
"""For what each reader may open a record. Who has one purpose only need not name it."""
LARGEST_PAGE: Final = 200


class Page(BaseModel):
    """The query of a page: how much, from where on, and for what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE, description="Items at most.")
    cursor: str | None = Field(default=None, max_length=100, description="Of the page before.")
    purpose: str | None = Field(default=None, max_length=64, description="Clinicians name one for each session.")


class PageOfItems(Page):
    """The query of a page of items: of some kinds only, if any are named."""

    kind: list[str] = Field(default_factory=list, max_length=len(KINDS), description="Of these kinds only.")

    def kinds(self) -> frozenset[str]:
        """The kinds; raises Refused for one that is not of the vocabulary."""
        for kind in self.kind:
            if kind not in KINDS:
                raise Refused(Problem(MALFORMED, f"kind: got {kind[:40]!r}, wanted one of {', '.join(KINDS)}"))
        return frozenset(self.kind)


AskedPurpose = Annotated[str | None, Query(max_length=64, description="Clinicians name one for each session.")]


def purpose_of(call: Call, asked: str | None) -> str:
    """The purpose of a reading; raises Refused where it is missing, or not one of this reader's."""
    allowed = PURPOSES.get(call.session.acting_as, ())
    if asked is None and len(allowed) == 1:
        return allowed[0]
    if asked not in allowed:
        wanted = f"one of {', '.join(allowed)}" if allowed else "a token for somebody who reads records"
        raise Refused(
            Problem(MALFORMED, f"purpose: got {asked and asked[:40]!r}, wanted {wanted}; name it in the query")
        )
    return asked


def paged(members: dict[str, Any], cursor: str | None) -> dict[str, Any]:
    """A page with the cursor of the next one, or null after the last."""
    return {**members, "cursor": cursor}
