"""Opening words: the one place where what people wrote is decrypted, for a recorded disclosure only.

The database gives no key of words to the service before it has noted, durably, which words are opened and what for;
``ledger.openings`` reconciles these notes with the trail.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ledger.core.entry import read_entry
from ledger.core.sealing import Part
from ledger.store.errors import FactsIncomplete, WordsErased
from ledger.store.keyring import Keyring
from ledger.store.mapper import WrappedUnder, open_part
from ledger.store.recorder import LedgerRecorder, WordsRow

Words = Mapping[str, Any] | None
"""What was said in words; None where nothing was."""


async def open_words(
    recorder: LedgerRecorder, keyring: Keyring, positions: Sequence[int], *, disclosure: int
) -> dict[int, Words]:
    """The words said at each position, opened for the disclosure that is recorded at a position.

    Raises WordsErased where the key is gone, FactsIncomplete where the row is.
    """
    return _opened(await recorder.read_words(positions, disclosure=disclosure), positions, keyring)


async def open_repeated_words(recorder: LedgerRecorder, keyring: Keyring, position: int) -> Words:
    """The words of one statement, to compare what its author says again with them; nobody is shown them.

    Raises as ``open_words`` does.
    """
    return _opened(await recorder.read_repeated_words(position), [position], keyring)[position]


def _opened(rows: Iterable[WordsRow], positions: Sequence[int], keyring: Keyring) -> dict[int, Words]:
    found = {row.position: row for row in rows}
    if lost := set(positions) - found.keys():
        raise FactsIncomplete(f"entries {sorted(lost)}: not found in the database; run verify")
    return {
        position: None if row.sealed is None else _open(row, row.sealed, keyring) for position, row in found.items()
    }


def _open(row: WordsRow, sealed: bytes, keyring: Keyring) -> Mapping[str, Any]:
    if row.wrapped is None:
        raise WordsErased(f"words of entry {row.position}: their key is not in the vault; run verify")
    return open_part(read_entry(row.entry), Part.WORDS, sealed, WrappedUnder(row.wrapped, row.generation), keyring)
