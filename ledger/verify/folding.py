"""What depends on the entries before: keys in force, time that never goes back, the tree."""

from ledger.core.errors import CoreError
from ledger.core.instants import Instant, format_instant
from ledger.core.key_history import KeyHistory
from ledger.core.keys import KeyStatement
from ledger.verify.entries import Examined, Signed, compare_signature
from ledger.verify.findings import Findings, Step
from ledger.verify.tree import Tree


class Folding:
    """Takes examined chunks in order. ``keys`` holds every public key enrolled so far, by key id."""

    def __init__(self, tree: Tree, found: Findings) -> None:
        self.keys: dict[str, bytes] = {}
        self.tree = tree
        self.recorded_at = Instant(0)
        self._history = KeyHistory()
        self._found = found

    def take(self, examined: Examined) -> None:
        """Take in the next chunk."""
        self._found.merge(examined.found)
        recorded = [None if signed is None else signed.recorded_at for signed in examined.signed]
        self.tree.grow(examined.leaves, recorded, examined.checkpoints)
        for position, signed in enumerate(examined.signed, examined.start):
            if signed is not None:
                self._take_time(position, signed.recorded_at)
                self._take_signature(position, signed)

    def finish(self, last: Instant, at: Instant) -> None:
        """Hold the head's time to the last entry's; ``at`` is the instant of this verification.

        Only where all entries were read: else what is missing from the end of them would be noted before the gap.
        """
        if last != self.recorded_at:
            size = self.tree.edge.size
            got = f"{last} as the instant of the head"
            self._found.note(Step.TIMES, max(size - 1, 0), got, f"{self.recorded_at} as in the last entry")
        self.tree.finish(at)

    def _take_time(self, position: int, recorded_at: Instant) -> None:
        if recorded_at < self.recorded_at:
            wanted = f"{format_instant(self.recorded_at)} or later, as the entry before"
            self._found.note(Step.TIMES, position, f"admitted at {format_instant(recorded_at)}", wanted)
        self.recorded_at = recorded_at

    def _take_signature(self, position: int, signed: Signed) -> None:
        self._found.looked_at[Step.SIGNATURES] += 1
        try:
            said = self._key_of(position, signed)
            if signed.key_said is not None:
                self._history.apply(position, *signed.key_said)
                self.keys[signed.key_said[1].key.kid] = signed.key_said[1].key.raw
        except CoreError as error:
            self._found.note(Step.SIGNATURES, position, str(error), "a key of the author in force at this position")
            return
        if signed.unchecked is not None:
            compare_signature(position, signed.unchecked, said.key, self._found)

    def _key_of(self, position: int, signed: Signed) -> KeyStatement:
        # The first entry is the service enrolling its own key: nothing before it could vouch for that key.
        if position == 0 and signed.key_said is not None:
            statement_type, said = signed.key_said
            if (statement_type, said.person, said.key.kid) == ("key-enrolled/1", signed.author, signed.kid):
                return said
        return self._history.find(signed.author, signed.kid, position, signed.recorded_at)
