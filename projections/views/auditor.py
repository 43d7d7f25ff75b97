"""What an auditor or a guardian is shown of a record: that something is there, whose, when, by which rule.

Never words, nor a name. Topics are masked until an auditor has opened them with a reason (``topics-opened/1``); a
guardian, who sees what is kept on a ground, sees the grounds in place of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.core.instants import Instant
from ledger.core.keys import Custody
from ledger.disclosure import Disclosure, Shown
from ledger.ledger import Ledger
from projections.timeline import About, Timeline
from projections.views.shape import check_in_step, check_reader
from projections.views.signed import Signer, custody_of


@dataclass(frozen=True, slots=True)
class Event:
    """That something of a type was said of an item: by whom, acting as what, signed by whose key, and when."""

    type: str
    author: str
    acting_as: str
    signed: Custody
    made_at: Instant
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class Kept:
    """That an item is kept from ``kept_from`` on a ground; the ground is None where it would tell a masked topic."""

    id: str
    kept_from: str
    ground: str | None
    author: str
    opinion_date: str
    review_date: str


@dataclass(frozen=True, slots=True)
class OverseenItem:
    """One item without a word of it. ``state``: live, in-error, wrong-record or erased.

    ``topics`` is None while they are ``masked``; ``rule`` is the one by which its reader sees that it is there.
    """

    id: str
    kind: str
    parent: str | None
    concern: str | None
    author: str
    acting_as: str
    signed: Custody
    made_at: Instant
    recorded_at: Instant
    state: str
    topics: tuple[str, ...] | None
    masked: bool
    withheld: tuple[Kept, ...]
    said: tuple[Event, ...]
    rule: str
    children: tuple["OverseenItem", ...]


@dataclass(frozen=True, slots=True)
class OversightView:
    """A page of a record as those see it who oversee it; the patient by id alone."""

    disclosure: str
    record: str
    patient: str
    opened_at: Instant
    items: tuple[OverseenItem, ...]
    more: bool


async def build(
    ledger: Ledger, timeline: Timeline, disclosure: Disclosure, *, case: str | None = None
) -> OversightView:
    """The view of an auditor in a case, or of a guardian.

    Raises NotAllowed unless the disclosure is theirs, recorded and fresh; NotFollowed and OutOfStep where the
    projections cannot be relied on.
    """
    check_reader("auditor", ledger, disclosure, also=frozenset({"guardian"}))
    everything = list(disclosure.thread())
    statements = await timeline.at([at for shown in everything for at in shown.positions], disclosure.as_of)
    for shown in everything:
        check_in_step(shown, statements.get(shown.item, ()))
    assigned = (await ledger.facts.person(disclosure.viewer)).fold.facts.cases.get(case or "")
    opened = set[str]() if assigned is None or disclosure.acting_as != "auditor" else set(assigned.opened)
    custody = await custody_of(ledger, {(one.author, one.kid) for said in statements.values() for one in said})
    seeing = _Seeing(statements, custody, opened, disclosure.acting_as == "guardian")
    return OversightView(
        disclosure=disclosure.id,
        record=disclosure.record,
        patient=disclosure.patient,
        opened_at=disclosure.recorded_at,
        items=tuple(seeing.item(shown) for shown in disclosure.shown),
        more=disclosure.more is not None,
    )


@dataclass(frozen=True, slots=True)
class _Seeing:
    """The statements by item, who holds which key, the items whose topics were opened, and whether grounds are shown
    in any case.
    """

    statements: Mapping[str, Sequence[About]]
    custody: Mapping[Signer, Custody]
    opened: set[str]
    grounds: bool

    def item(self, shown: Shown) -> OverseenItem:
        said = self.statements[shown.item]
        added, masked = said[0], shown.item not in self.opened
        topics = [about.facts["topics"] for about in said if "topics" in about.facts][-1]
        return OverseenItem(
            id=shown.item,
            kind=added.facts["kind"],
            parent=None if shown.alone else added.facts["parent"],
            concern=None if shown.alone else added.facts["concern"],
            author=added.author,
            acting_as=added.acting_as,
            signed=self.custody[added.author, added.kid],
            made_at=added.made_at,
            recorded_at=added.recorded_at,
            state=_state(said),
            topics=None if masked else tuple(sorted(topics)),
            masked=masked,
            withheld=self._kept(said, masked),
            said=tuple(self._event(one) for one in said),
            rule=shown.permit.rule,
            children=tuple(self.item(child) for child in shown.children),
        )

    def _event(self, one: About) -> Event:
        signed = self.custody[one.author, one.kid]
        return Event(one.type, one.author, one.acting_as, signed, one.made_at, one.recorded_at)

    def _kept(self, said: Sequence[About], masked: bool) -> tuple[Kept, ...]:
        lifted = {one.facts["withholding"] for one in said if one.type == "withholding-lifted/1"}
        made = (one for one in said if one.type == "withholding-made/1" and one.facts["withholding"] not in lifted)
        return tuple(
            Kept(
                id=one.facts["withholding"],
                kept_from=one.facts["from"],
                ground=None if self._tells_a_topic(one.facts["ground"], masked) else one.facts["ground"],
                author=one.author,
                opinion_date=one.facts["opinion_date"],
                review_date=one.facts["review_date"],
            )
            for one in made
        )

    def _tells_a_topic(self, ground: str, masked: bool) -> bool:
        return masked and not self.grounds and ground == "domestic-abuse"


def _state(said: Sequence[About]) -> str:
    if any(one.type == "content-erased/1" for one in said):
        return "erased"
    marks = [one.facts["wrong_record"] for one in said if one.type == "item-marked-in-error/1"]
    if not marks:
        return "live"
    return "wrong-record" if any(marks) else "in-error"
