"""The conversation about an item: what those who take part in it, patients and clinicians, are shown of it."""

from dataclasses import dataclass

from ledger.core.instants import Instant, parse_instant
from ledger.disclosure import Sealed, Shown
from projections.views.explanations import KEPT, PERMITTED
from projections.views.fields import fields_of
from projections.views.shape import Author, Content, Opened, Told, content_of


@dataclass(frozen=True, slots=True)
class Agreement:
    """What somebody says of an item, last: ``agree``, ``disagree`` or ``not-discussed``."""

    agreement: str
    text: str | None
    author: Author
    made_at: Instant


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a dispute was answered (``amended``, ``declined``), or the answer reviewed (``upheld``, ``overturned``)."""

    outcome: str
    reason: str
    author: Author
    made_at: Instant


@dataclass(frozen=True, slots=True)
class Why:
    """The rule by which something is shown or kept back, and what it means in plain words."""

    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class SealedItem:
    """The mark of an item that is there and not shown."""

    id: str
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Discussed(Content):
    """An item with what was said about it. ``disputed``: a dispute about it is shown; ``corrected``: it was amended.

    ``due`` is when a dispute must be answered.
    """

    topics: tuple[str, ...]
    discussed: bool
    copy_given: bool
    imported: str | None
    due: Instant | None
    disputed: bool
    corrected: bool
    agreements: tuple[Agreement, ...]
    answer: Outcome | None
    review: Outcome | None
    why: Why


def discussed_of(opened: Opened, shown: Shown) -> Discussed:
    """An item with what was said about it, for those who take part in the conversation."""
    content = content_of(opened, shown)
    [added] = opened.of(shown, "item-added/1")
    facts, topics = added.facts, opened.last(shown, "item-topics-set/1") or added
    return Discussed(
        **fields_of(content),
        topics=tuple(sorted(topics.facts["topics"])),
        discussed=facts["discussed"],
        copy_given=facts["copy_given"],
        imported=facts["imported"],
        due=None if facts["due"] is None else parse_instant(facts["due"]),
        disputed=any(_is_dispute(opened, child) for child in shown.children),
        corrected=bool(content.amendments),
        agreements=_agreements(opened, shown),
        answer=_outcome(opened.last(shown, "dispute-answered/1")),
        review=_outcome(opened.last(shown, "dispute-reviewed/1")),
        why=Why(shown.permit.rule, PERMITTED[shown.permit.rule]),
    )


def sealed_item(sealed: Sealed) -> SealedItem:
    """The mark of what is kept back, with the reason in plain words."""
    return SealedItem(sealed.item, Why(sealed.rule, KEPT[sealed.rule]))


def _is_dispute(opened: Opened, child: Shown) -> bool:
    [added] = opened.of(child, "item-added/1")
    return bool(added.facts["concern"] == "dispute")


def _agreements(opened: Opened, shown: Shown) -> tuple[Agreement, ...]:
    latest = {told.about.author: told for told in opened.of(shown, "agreement-stated/1")}
    return tuple(
        Agreement(told.facts["agreement"], told.word("text"), told.author, told.made_at) for told in latest.values()
    )


def _outcome(told: Told | None) -> Outcome | None:
    return None if told is None else Outcome(told.facts["outcome"], told.word("reason"), told.author, told.made_at)
