"""The entries of a mirror, bundle by bundle on as many cores as are given, and the logs that they were made for."""

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ledger.core import canonical
from ledger.core.edge import Edge
from ledger.core.entry import Entry
from ledger.core.errors import MalformedStatement
from ledger.core.public import Continued
from ledger.verify.beforehand import Beforehand
from ledger.verify.entries import Examined, Examining, Trust, leaves_of
from ledger.verify.findings import Findings, Step

_AHEAD: Final = 3
"""Bundles per core that are examined while the oldest of them is waited for."""
_STATEMENT: Final = b'"statement":"'
_KID: Final = slice(len('{"alg":"Ed25519","kid":"'), len('{"alg":"Ed25519","kid":"') + 43)


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
    examining, names = Examining(bundle.start, Trust({}, Beforehand("", dict(bundle.keys)))), list[Named]()
    for position, data in enumerate(bundle.entries, bundle.start):
        entry = examining.read(position, data)
        if entry is not None:
            examining.hear(position, entry)
            _take_name(position, entry, names)
    seen = Seen(examining.finish(), names)
    seen.examined.found.looked_at[Step.ORDER] += len(bundle.entries)
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
        leaves = leaves_of(examined)[: position - examined.first]
        root = edge.extend(leaves, paths=False).edge.root()
        if said is None or (said.origin, said.size, said.root) != (self.name, position, root):
            wanted = f"{self.name}, or that it is continued after {position} entries with the root {root.hex()}"
            self.found.note(Step.TIMES, position, f"a statement for {named.name}", wanted)


def _take_name(position: int, entry: Entry, names: list[Named]) -> None:
    statement = entry.signed.statement
    if not names or names[-1].name != statement.ledger:
        said = statement.public if isinstance(statement.public, Continued) else None
        names.append(Named(position, statement.ledger, said))


def key_id_in(entry: bytes) -> str:
    """The key id that an entry names, found without parsing it; only used to look for the key beforehand."""
    start = entry.find(_STATEMENT) + len(_STATEMENT)
    header = entry[start : entry.find(b".", start)]
    try:
        return canonical.unbase64url(header.decode("ascii", "replace"), "header")[_KID].decode("ascii", "replace")
    except MalformedStatement:
        return ""
