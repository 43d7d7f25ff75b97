"""What depends on the entries before: keys in force, time that never goes back, the tree, erasures, continuations."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from ledger.core.errors import CoreError
from ledger.core.instants import Instant
from ledger.core.key_history import KeyHistory
from ledger.core.keys import KeyId, KeyStatement
from ledger.core.passkeys import PasskeyStatement
from ledger.core.public import Continued, Erased
from ledger.core.vouching import ENROLS, check_assured, check_enrolled_by, voucher_of
from ledger.verify.entries import UNREADABLE, Examined, Whole, leaves_of, note_going_back, note_signature
from ledger.verify.findings import Findings, Step
from ledger.verify.rows import WordsRow
from ledger.verify.tree import Tree

_BEGINNING: Final = Instant(0)


@dataclass(slots=True)
class Facts:
    """What has been said in clear, and the time of the last entry: all that later entries are held to.

    ``erased`` maps a position to that of the statement that erased its words, ``continued`` a position to what was
    said there of the log before. ``keyless`` are positions whose words have no key, ``wordless`` those that have no
    words although something later may say that they were erased.
    """

    keys: KeyHistory = field(default_factory=KeyHistory)
    recorded_at: Instant = _BEGINNING
    erased: dict[int, int] = field(default_factory=dict)
    continued: dict[int, Continued] = field(default_factory=dict)
    keyless: list[int] = field(default_factory=list)
    wordless: list[int] = field(default_factory=list)


class Folding:
    """Takes examined spans in order. ``keys`` holds every public key enrolled so far, by key id.

    ``on_word`` are the positions at which the service, speaking for a registrar without a key, enrolled somebody's key.
    """

    def __init__(self, tree: Tree, facts: Facts, found: Findings) -> None:
        self.tree = tree
        self.facts = facts
        self.keys: dict[str, bytes] = {
            enrolled.said.key.kid: enrolled.said.key.raw for enrolled in facts.keys.by_person.values()
        }
        self.unverified = 0
        self.on_word: list[int] = []
        self.cosigned: bytes | None = None
        self.kept: list[int] = []
        self._found = found

    def take(self, examined: Examined) -> None:
        """Take in the next span."""
        self._found.merge(examined.found)
        self.tree.grow(leaves_of(examined), examined.recorded, examined.claims)
        self._take_times(examined)
        for said in examined.clear:
            self._take_clear(said, examined)
        self._take_voices(examined)
        for staked in examined.staked:
            self._take_staked(staked)
        self.unverified += examined.unverified
        self.cosigned = examined.cosigned or self.cosigned
        self.kept += examined.kept
        self.facts.keyless += examined.keyless
        self.facts.wordless += examined.wordless

    def finish(self, last: Instant, at: Instant) -> None:
        """Hold the head's time to the last entry's; ``at`` is the instant of this verification.

        Only where all entries were read: else what is missing from the end of them would be noted before the gap.
        """
        if last != self.facts.recorded_at:
            size = self.tree.edge.size
            got = f"{last} as the instant of the head"
            self._found.note(Step.TIMES, max(size - 1, 0), got, f"{self.facts.recorded_at} as in the last entry")
        self.tree.finish(at)

    def settle(self, older: Iterable[WordsRow]) -> list[int]:
        """Hold the keys of words to what was really erased; gives the positions whose key is there although it was.

        ``older`` are erased positions from before this run.
        """
        erased, kept = self.facts.erased, set(self.kept)
        for row in older:
            if row.wrapped:
                kept.add(row.position)
            if not row.sealed:
                self.facts.wordless.append(row.position)
        for position in self.facts.keyless:
            if position not in erased:
                wanted = "a wrapped key, or a statement that the words were erased"
                self._found.note(Step.ERASED, position, "words whose key is gone", wanted)
        for position in self.facts.wordless:
            if position in erased:
                got = f"an erasure of position {position}"
                self._found.note(Step.ERASED, erased[position], got, "positions of statements that have words")
        return sorted(kept & erased.keys())

    def _take_times(self, examined: Examined) -> None:
        """Only from span to span: within them it was seen."""
        read = [at for at in examined.recorded if at != UNREADABLE]
        if read:
            at = next(n for n, at in enumerate(examined.recorded) if at != UNREADABLE)
            note_going_back(examined.first + at, self.facts.recorded_at, Instant(read[0]), self._found)
            self.facts.recorded_at = Instant(read[-1])

    def _take_clear(self, said: Whole, examined: Examined) -> None:
        position, public = said.position, said.signed.statement.public
        try:
            keys = self.facts.keys
            key = voucher_of(keys, said.signed, position, said.recorded_at)
            check_enrolled_by(keys, key, said.signed, position, said.recorded_at)
            enrols = said.signed.statement.type in ENROLS and said.signed.statement.acting_as == "registrar"
            if enrols and key.custody == "service":
                self.on_word.append(position)
            if isinstance(public, KeyStatement | PasskeyStatement):
                keys.apply(position, said.signed.statement.type, public)
            if isinstance(public, KeyStatement):
                self.keys[public.key.kid] = public.key.raw
        except CoreError as error:
            self._note_key(position, error)
        else:
            self._check_late(position, key, examined)
        if isinstance(public, Erased):
            self._take_erased(position, public)
        elif isinstance(public, Continued):
            self.facts.continued[position] = public

    def _take_erased(self, position: int, said: Erased) -> None:
        for erased in said.positions:
            if erased >= position:
                self._found.note(Step.ERASED, position, f"an erasure of position {erased}", "positions before its own")
            else:
                self.facts.erased.setdefault(erased, position)

    def _take_voices(self, examined: Examined) -> None:
        """A key that was in force at the first and at the last place where it is used was in force in between."""
        for index, voice in enumerate(examined.voices):
            try:
                self._find(voice.author, voice.kid, voice.first, voice.latest)
                self._find(voice.author, voice.kid, voice.last, voice.latest)
            except CoreError:
                self._find_each(index, examined)
        for position in examined.unchecked:
            index = examined.who[position - examined.first]
            if index != UNREADABLE:
                voice = examined.voices[index]
                at = Instant(examined.recorded[position - examined.first])
                try:
                    key = self._find(voice.author, voice.kid, position, at)
                except CoreError:
                    continue  # noted already
                self._check_late(position, key, examined)

    def _take_staked(self, said: Whole) -> None:
        """Hold what is of high stakes to the assertion that it needs, and an assertion to what it was made for."""
        keys, position = self.facts.keys, said.position
        try:
            key = voucher_of(keys, said.signed, position, said.recorded_at)
        except CoreError:
            return  # noted already
        try:
            check_assured(keys, key, said.signed, said.assertion, position)
        except CoreError as error:
            self._found.note(Step.SIGNATURES, position, str(error), "an assertion by a passkey over this statement")

    def _find_each(self, index: int, examined: Examined) -> None:
        """Note the first place at which a voice had no key in force."""
        voice = examined.voices[index]
        for n, who in enumerate(examined.who):
            if who == index:
                try:
                    self._find(voice.author, voice.kid, examined.first + n, Instant(examined.recorded[n]))
                except CoreError as error:
                    self._note_key(examined.first + n, error)
                    return

    def _check_late(self, position: int, key: KeyStatement, examined: Examined) -> None:
        """Check a signature whose key was not known when its span was examined."""
        signed = examined.unchecked.get(position)
        if signed is not None:
            note_signature(position, signed, key.key, self._found)

    def _find(self, author: str, kid: KeyId, position: int, recorded_at: Instant) -> KeyStatement:
        return self.facts.keys.find(author, kid, position, recorded_at)

    def _note_key(self, position: int, error: CoreError) -> None:
        self._found.note(Step.SIGNATURES, position, str(error), "a key of the author in force at this position")
