"""What a reader is shown of the matters of a record: why an emergency was opened, what was asked, what was assessed.

A matter is disclosed as an item is. Each of its statements has a row here for each reader, as in ``audience``: a type
without one is read by nobody (a test holds the table to the vocabulary). A patient never reads why the notice of an
emergency was delayed; a guardian reads words of matters only, and no names; an auditor reads neither.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.instants import Instant
from ledger.core.keys import KeyId
from ledger.core.matters import matter_of
from ledger.core.said import Said
from ledger.disclosure import Disclosure, Shown
from ledger.ledger import Ledger
from projections.errors import OutOfStep
from projections.views.audience import Depth
from projections.views.shape import Author, Person
from projections.views.signed import custody_of

_N, _F, _W = Depth.NOTHING, Depth.FACTS, Depth.WORDS
_READERS: Final = ("clinician", "patient", "parent", "attorney", "guardian", "auditor")
MATTERS_AUDIENCE: Final[Mapping[str, Mapping[str, Depth]]] = {
    statement_type: dict(zip(_READERS, depths, strict=True))
    for statement_type, depths in {
        "emergency-opened/1": (_W, _W, _W, _N, _W, _F),
        "emergency-opened/2": (_W, _W, _W, _N, _W, _F),
        "emergency-reviewed/1": (_F, _W, _W, _N, _W, _F),
        "notice-delayed/1": (_N, _F, _F, _N, _W, _F),
        "access-questioned/1": (_W, _W, _W, _N, _W, _F),
        "access-answered/1": (_W, _W, _W, _N, _W, _F),
        "carer-conversation-held/1": (_W, _W, _W, _N, _N, _N),
        "capacity-assessed/1": (_W, _W, _W, _W, _N, _N),
        "capacity-withdrawn/1": (_W, _W, _W, _W, _N, _N),
        "best-interests-made/1": (_W, _W, _W, _N, _W, _N),
        "best-interests-ended/1": (_F, _F, _F, _N, _F, _N),
        "after-death-released/1": (_N, _N, _N, _N, _W, _N),
    }.items()
}
NAMELESS: Final = frozenset({"guardian", "auditor"})
_PARTS: Final = ("scope", "relevant")
"""Members that name parts of a record, items among them."""


@dataclass(frozen=True, slots=True)
class SaidOfMatter:
    """One statement of a matter. ``words`` is None where there are none, or they are not for this reader."""

    type: str
    author: Author
    made_at: Instant
    recorded_at: Instant
    facts: Mapping[str, Any]
    words: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class MatterShown:
    """One matter, by the id of what it is about; ``rule`` is the one by which it is shown."""

    id: str
    rule: str
    said: tuple[SaidOfMatter, ...]


@dataclass(frozen=True, slots=True)
class MattersView:
    """The matters of a record that a reader may read, in the order in which they began, and whose record it is.

    Who reads no names reads none of the patient's either.
    """

    disclosure: str
    record: str
    patient: Person
    opened_at: Instant
    matters: tuple[MatterShown, ...]


def items_in(statements: Mapping[int, Said]) -> set[str]:
    """The items that these statements name as parts of the record."""
    return {
        part["of"]
        for said in statements.values()
        for member in _PARTS
        for part in said.facts.get(member, ())
        if part["kind"] == "item"
    }


async def statements_of(ledger: Ledger, disclosure: Disclosure) -> dict[int, Said]:
    """The statements of the matters that are disclosed, by position. Raises OutOfStep where one is not what it was."""
    found: dict[int, Said] = {}
    for shown in disclosure.shown:
        for position in shown.positions:
            [said] = await ledger.read(position, 1)
            if said.position != position or matter_of(said.type, said.facts) != shown.item:
                raise OutOfStep(f"matter {shown.item}: got {said.type} at {position}, wanted what it says; run verify")
            found[position] = said
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader reads of statements of matters, all by position: how much, what words, and whose they are."""

    depth: Mapping[int, Depth]
    words: Mapping[int, Mapping[str, Any] | None]
    authors: Mapping[int, Author]
    patient: Person

    def of(self, shown: Shown) -> list[int]:
        """Where the statements of a matter are that this reader hears of, in their order."""
        return [position for position in shown.positions if self.depth[position] is not Depth.NOTHING]


async def read_by(
    ledger: Ledger, disclosure: Disclosure, told: Mapping[int, Said], *, names_only: bool = False
) -> Reading:
    """What whoever the disclosure is to reads of these statements; with ``names_only`` no words but names are opened.

    Raises NotAllowed unless the disclosure is recorded and fresh.
    """
    Disclosure.check_fresh(disclosure, ledger.clock())
    reader = disclosure.acting_as
    depth = {at: MATTERS_AUDIENCE[said.type].get(reader, Depth.NOTHING) for at, said in told.items()}
    words = await _words(ledger, disclosure, told, depth, names_only=names_only)
    names = {person: (words.get(at) or {}).get("name") for person, at in disclosure.people.items()}
    custody = await custody_of(ledger, {(said.author, said.kid or KeyId("")) for said in told.values()})
    authors = {
        position: Author(
            said.author, names.get(said.author), said.acting_as, custody[said.author, said.kid or KeyId("")]
        )
        for position, said in told.items()
    }
    return Reading(depth, words, authors, Person(disclosure.patient, names.get(disclosure.patient)))


async def build(
    ledger: Ledger, disclosure: Disclosure, told: Mapping[int, Said], items: Collection[str]
) -> MattersView:
    """The view of whoever the disclosure is to; ``items`` are those whose ids they may read in a scope.

    Raises NotAllowed unless the disclosure is recorded and fresh.
    """
    reading = await read_by(ledger, disclosure, told)

    def of(position: int) -> SaidOfMatter:
        said, author = told[position], reading.authors[position]
        read = reading.words.get(position) if reading.depth[position] is Depth.WORDS else None
        return SaidOfMatter(said.type, author, said.made_at, said.recorded_at, _facts(said, items), read)

    matters = tuple(
        MatterShown(shown.item, shown.permit.rule, tuple(of(position) for position in reading.of(shown)))
        for shown in disclosure.shown
    )
    return MattersView(disclosure.id, disclosure.record, reading.patient, disclosure.recorded_at, matters)


async def _words(
    ledger: Ledger,
    disclosure: Disclosure,
    told: Mapping[int, Said],
    depth: Mapping[int, Depth],
    *,
    names_only: bool,
) -> dict[int, Mapping[str, Any] | None]:
    """The words that this reader reads, the names of those who speak and the patient's; none at all for an auditor."""
    read = {position for position in told if depth[position] is Depth.WORDS}
    speakers = {told[position].author for position in read} | {disclosure.patient}
    opened = set() if names_only else read
    if disclosure.acting_as not in NAMELESS:
        opened |= {position for person, position in disclosure.people.items() if person in speakers}
    return await ledger.trail.words(disclosure, opened) if opened else {}


def _facts(said: Said, items: Collection[str]) -> dict[str, Any]:
    """The facts of a statement, without the items in its scope that this reader may not see."""
    facts = {name: value for name, value in said.facts.items() if name != "record"}
    for member in _PARTS:
        if member in facts:
            facts[member] = [part for part in facts[member] if part["kind"] != "item" or part["of"] in items]
    return facts
