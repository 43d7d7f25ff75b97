"""The entries of a mirror, bundle by bundle on as many cores as are given, and the logs that they were made for."""

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from ledger.core.authority import FRESH
from ledger.core.edge import Edge
from ledger.core.entry import Entry, parse_entry
from ledger.core.errors import CoreError
from ledger.core.instants import format_instant
from ledger.core.keys import KeyStatement, PublicKey
from ledger.core.merkle import LeafHash, leaf_hash
from ledger.core.public import Continued
from ledger.verify.entries import Examined, Signed, compare_signature
from ledger.verify.findings import Findings, Step
from ledger.verify.reading import key_id_in

_AHEAD: Final = 3
"""Bundles per core that are examined while the oldest of them is waited for."""


class Bundle(NamedTuple):
    """Neighbouring entries, and public keys by key id: those of its signers that were enrolled in bundles before."""

    start: int
    entries: list[bytes]
    keys: dict[str, bytes]

    @classmethod
    def of(cls, start: int, entries: list[bytes], keys: dict[str, bytes]) -> "Bundle":
        """A bundle with those of the keys that its entries name."""
        named = {kid: keys[kid] for kid in map(key_id_in, entries) if kid in keys}
        return cls(start, entries, named)


class Named(NamedTuple):
    """For which log an entry's statement was made, where that is another than before; and what it says of that."""

    position: int
    name: str
    said: Continued | None


@dataclass(slots=True)
class Seen:
    """What can be seen of each entry by itself; the first of them, and each for another log than the one before."""

    examined: Examined
    names: list[Named] = field(default_factory=list)


def see(bundle: Bundle) -> Seen:
    """Examine the entries of a bundle, in any order and on any core."""
    seen = Seen(Examined(bundle.start))
    for position, data in enumerate(bundle.entries, bundle.start):
        seen.examined.found.looked_at[Step.ORDER] += 1
        seen.examined.leaves.append(leaf_hash(data))
        try:
            entry = parse_entry(data)
        except CoreError as error:
            seen.examined.found.note(Step.ORDER, position, str(error), "the canonical bytes of an entry")
            seen.examined.signed.append(None)
            continue
        seen.examined.signed.append(_signed(position, entry, bundle.keys, seen.examined.found))
        _compare_times(position, entry, seen.examined.found)
        _take_name(position, entry, seen.names)
    return seen


def seen_in_order(bundles: Iterable[Bundle], cores: int) -> Iterator[Seen]:
    """The bundles examined, in order."""
    if cores <= 1 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(see, bundles)
        return
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("fork")) as pool:
        waiting: deque[Future[Seen]] = deque()
        for bundle in bundles:
            waiting.append(pool.submit(see, bundle))
            if len(waiting) >= _AHEAD * cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@dataclass(slots=True)
class Names:
    """For which log the statements were made: one name, which changes only where a log is continued as another."""

    found: Findings
    name: str | None = None
    since: int = 0

    def take(self, edge: Edge, seen: Seen) -> None:
        """Take in the entries behind a tree."""
        for named in seen.names:
            if named.name != self.name:
                if self.name is not None:
                    self._compare(named, edge, seen.examined)
                self.name, self.since = named.name, named.position

    def finish(self, origin: str, size: int) -> None:
        """The last name is the log's own."""
        if self.name not in (None, origin):
            self.found.note(Step.TIMES, self.since, f"statements for {self.name}", origin, until=size)

    def _compare(self, named: Named, edge: Edge, examined: Examined) -> None:
        position, said = named.position, named.said
        leaves = [LeafHash(leaf) for leaf in examined.leaves[: position - examined.start]]
        root = edge.extend(leaves, paths=False).edge.root()
        if said is None or (said.origin, said.size, said.root) != (self.name, position, root):
            wanted = f"{self.name}, or that it is continued after {position} entries with the root {root.hex()}"
            self.found.note(Step.TIMES, position, f"a statement for {named.name}", wanted)


def _signed(position: int, entry: Entry, keys: dict[str, bytes], found: Findings) -> Signed:
    signed, said, known = entry.signed, entry.signed.statement, keys.get(entry.signed.kid)
    if known is not None:
        compare_signature(position, signed, _key(known), found)
    key_said = (said.type, said.public) if isinstance(said.public, KeyStatement) else None
    return Signed(said.author, signed.kid, entry.recorded_at, None if known is not None else signed, key_said)


@lru_cache(maxsize=4096)
def _key(raw: bytes) -> PublicKey:
    return PublicKey.from_raw(raw)


def _compare_times(position: int, entry: Entry, found: Findings) -> None:
    found.looked_at[Step.TIMES] += 1
    made_at, at = entry.signed.statement.made_at, format_instant(entry.recorded_at)
    if made_at > entry.recorded_at + FRESH:
        found.note(Step.TIMES, position, f"made at {format_instant(made_at)}", f"at most 5 minutes after {at}")


def _take_name(position: int, entry: Entry, names: list[Named]) -> None:
    statement = entry.signed.statement
    if not names or names[-1].name != statement.ledger:
        said = statement.public if isinstance(statement.public, Continued) else None
        names.append(Named(position, statement.ledger, said))
