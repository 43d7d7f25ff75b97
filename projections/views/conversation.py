"""The conversation about an item: what those who take part in it, patients and clinicians, are shown of it."""

from dataclasses import dataclass
from typing import Any

from ledger.core.deadlines import month_after
from ledger.core.instants import Instant
from ledger.disclosure import Sealed, Shown
from projections.views.explanations import because_kept, because_shown
from projections.views.shape import Author, Content, ItemTold, Opened, Told, content_of


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
class Erasure:
    """That the words about an item were erased: on which basis (UK GDPR, Article 17(1)), by whom and when.

    Where it is only asked for, ``reason`` says why; what is erased has no reason any more, since that is erased too.
    """

    basis: str
    reason: str | None
    author: Author
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class Why:
    """The rule by which something is shown or kept back, and what it means in plain words."""

    rule: str
    because: str


@dataclass(frozen=True, slots=True)
class SealedItem:
    """The mark of an item that is there and not shown. ``until_asked``: it opens to the patient who asks for it."""

    id: str
    why: Why
    until_asked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Discussed(Content):
    """An item with what was said about it. ``disputed``: a dispute about it is shown; ``corrected``: it was amended.

    ``due`` is when a dispute must be answered, as on the worklist: counted from when it was recorded. Once its words
    are ``erased``, only what and whose it was is told.
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
    erasure_asked: Erasure | None
    erased: Erasure | None
    why: Why


def discussed_of(opened: Opened, shown: Shown) -> dict[str, Any]:
    """The members of ``Discussed``: an item with what was said about it, for those who take part in it."""
    told = opened.told[shown.item]
    content = content_of(shown, told)
    facts, topics = told.added.facts, told.last("item-topics-set/1") or told.added
    return content | {
        "topics": tuple(sorted(topics.facts["topics"])),
        "discussed": facts["discussed"],
        "copy_given": facts["copy_given"],
        "imported": facts["imported"],
        "due": month_after(told.added.about.recorded_at) if facts["concern"] == "dispute" else None,
        "disputed": any(opened.told[child.item].added.facts["concern"] == "dispute" for child in shown.children),
        "corrected": bool(content["amendments"]),
        "agreements": _agreements(told),
        "answer": _outcome(told.last("dispute-answered/1")),
        "review": _outcome(told.last("dispute-reviewed/1")),
        "erasure_asked": _erasure(told.last("erasure-asked/1")),
        "erased": _erasure(told.last("content-erased/1")),
        "why": Why(shown.permit.rule, because_shown(shown.permit.rule)),
    }


def sealed_item(sealed: Sealed) -> SealedItem:
    """The mark of what is kept back, with the reason in plain words."""
    return SealedItem(sealed.item, Why(sealed.rule, because_kept(sealed.rule)), sealed.until_asked)


def _agreements(told: ItemTold) -> tuple[Agreement, ...]:
    latest = {said.about.author: said for said in told.of("agreement-stated/1")}
    return tuple(
        Agreement(said.facts["agreement"], said.word("text"), said.author, said.made_at) for said in latest.values()
    )


def _erasure(told: Told | None) -> Erasure | None:
    if told is None:
        return None
    return Erasure(told.facts["basis"], told.word("reason"), told.author, told.about.recorded_at)


def _outcome(told: Told | None) -> Outcome | None:
    return None if told is None else Outcome(told.facts["outcome"], told.word("reason"), told.author, told.made_at)
