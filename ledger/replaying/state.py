"""How far a ledger was derived again without a difference, kept so that the next run looks only at what is new.

It is as good as the file it is kept in, which nobody signs; a run over everything trusts no file. It counts only for
the log that it was made of, and for the very rules by which it was derived.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final, Self

import orjson

from ledger.core.tiles import TileError
from ledger.store.errors import StoreError
from ledger.store.recorder import LedgerRecorder
from ledger.store.tree_rows import read_edge

VERSION: Final = 1
_RULES: Final = ("ledger.core", "ledger.replaying")
_MEMBERS: Final = {"v": int, "origin": str, "size": int, "root": str, "rules": str, "openings": int}


class StateError(StoreError):
    """A state that cannot be gone on from."""


@dataclass(frozen=True, slots=True)
class Derived:
    """Disclosures below position ``size`` were derived again, openings up to number ``openings`` reconciled.

    ``root`` is that of the log's tree at that size (hexadecimal), ``rules`` the fingerprint of the rules.
    """

    origin: str
    size: int
    root: str
    rules: str
    openings: int

    def format(self) -> str:
        """One JSON object on one line."""
        members = {name: VERSION if name == "v" else getattr(self, name) for name in _MEMBERS}
        return orjson.dumps(members).decode() + "\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``format`` writes; raises StateError for anything else."""
        try:
            told = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise StateError(f"derived before: got no JSON ({error}); run audit replay --all") from error
        if not isinstance(told, dict) or {name: type(value) for name, value in told.items()} != _MEMBERS:
            raise StateError("derived before: got other members than were written; run audit replay --all")
        if told.pop("v") != VERSION or min(told["size"], told["openings"]) < 0:
            raise StateError("derived before: got a state of another version; run audit replay --all")
        return cls(**told)

    async def check_fits(self, recorder: LedgerRecorder, origin: str) -> None:
        """Raise StateError unless the log had this root at this size, and the rules are those of this program."""
        if self.rules != fingerprint():
            raise StateError("derived before: got other rules than this program's, so everything is derived again")
        size = await recorder.size()
        if self.origin != origin or size < self.size or await root_at(recorder, self.size) != self.root:
            raise StateError(
                f"derived before: got {self.size} entries of {self.origin} with root {self.root}, wanted what"
                f" {origin} has; run verify, then audit replay --all"
            )


async def root_at(recorder: LedgerRecorder, size: int) -> str:
    """The root of the stored tree at a size, hexadecimal; raises StateError where its hashes are missing."""
    try:
        async with recorder.pool.connection() as connection:
            return (await read_edge(connection, size)).root().hex()
    except TileError as error:
        raise StateError(f"tree: {error}") from error


@cache
def fingerprint() -> str:
    """SHA-256 (hexadecimal) over the source of every module that a decision or its comparison can come from."""
    digest = sha256()
    for package in _RULES:
        for module in sorted(files(package).iterdir(), key=lambda file: file.name):
            if module.name.endswith(".py"):
                source = module.read_bytes()
                digest.update(f"{package}/{module.name} {len(source)}\n".encode() + source)
    return digest.hexdigest()
