"""Items: notes and all that is said about them. Nobody edits anybody's words; what changes is said next to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from ledger.domain.errors import NotPossible
from ledger.domain.stream import Spoken, Stream
from ledger.domain.wishes import AdvanceStatement

LONGEST_COMMENT: Final = 16 * 1024
"""Bytes of a comment and its quote, as UTF-8: an item is shown with all that answers it, and none may fill the page."""


def _check_short(text: str) -> None:
    """Raise NotPossible unless a comment is short enough."""
    if (size := len(text.encode())) > LONGEST_COMMENT:
        raise NotPossible(
            f"item-added: got a comment of {size} bytes, wanted at most {LONGEST_COMMENT}; say the rest in another"
        )


@dataclass(slots=True)
class Item(Stream):
    """One item: what was added, then amended, agreed, disputed, withheld or marked in error."""

    KIND: ClassVar = "item"
    FIRST: ClassVar = frozenset({"item-added/1"})

    kind: str = ""
    concern: str | None = None
    in_error: bool = False
    answered_by: str | None = None
    reviewed: bool = False
    withholdings: set[str] = field(default_factory=set)
    wish: AdvanceStatement | None = None

    def _on_added(self, event: Spoken) -> None:
        self.kind, self.concern = event.facts["kind"], event.facts["concern"]
        if self.concern is not None and (self.kind != "comment" or event.facts["parent"] is None):
            raise NotPossible(f"item-added: got {self.concern} on a {self.kind}, wanted a comment with a parent")
        if self.kind == "comment" and event.facts["parent"] is None:
            raise NotPossible("item-added: got a comment without parent, wanted the item that it answers")
        if self.kind == "comment" and event.words is not None:
            _check_short(event.words["text"] + (event.words["quote"] or ""))
        if self.kind == "wishes":
            self.wish = AdvanceStatement()

    def _on_amended(self, _event: Spoken) -> None:
        if self.in_error:
            raise NotPossible("item-amended: got an item marked in error, wanted a live one; add a new item")

    def _on_error(self, event: Spoken) -> None:
        if self.in_error and not event.facts["wrong_record"]:
            raise NotPossible("item-marked-in-error: got an item that is marked already")
        self.in_error = True

    def _on_answered(self, event: Spoken) -> None:
        if self.concern != "dispute":
            raise NotPossible(f"dispute-answered: got a {self.kind}, wanted a dispute")
        if self.answered_by is not None:
            raise NotPossible("dispute-answered: got a dispute that has its answer; ask for the second review")
        self.answered_by = event.voice.author

    def _on_reviewed(self, event: Spoken) -> None:
        if self.answered_by is None:
            raise NotPossible("dispute-reviewed: got a dispute without an answer, wanted the answer first")
        if self.reviewed:
            raise NotPossible("dispute-reviewed: got a second review, wanted one")
        if self.answered_by == event.voice.author:
            raise NotPossible("dispute-reviewed: got the professional who answered, wanted another one")
        self.reviewed = True

    def _on_withheld(self, event: Spoken) -> None:
        self.withholdings.add(event.facts["withholding"])

    def _on_wish(self, event: Spoken) -> None:
        if self.wish is None:
            raise NotPossible(f"{event.type}: got a {self.kind}, wanted an advance statement (kind wishes)")
        self.wish.apply(event)

    AFTER: ClassVar[dict[str, Callable[[Any, Spoken], None]]] = {
        "item-added/1": _on_added,
        "item-amended/1": _on_amended,
        "item-marked-in-error/1": _on_error,
        "dispute-answered/1": _on_answered,
        "dispute-reviewed/1": _on_reviewed,
        "withholding-made/1": _on_withheld,
        "wish-signed/1": _on_wish,
        "wish-reviewed/1": _on_wish,
        "wish-withdrawn/1": _on_wish,
    }
