"""Opening words: the one place where what people wrote is decrypted, for a recorded disclosure only."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.core.entry import read_entry
from ledger.core.sealing import Part
from ledger.store.errors import FactsIncomplete, WordsErased
from ledger.store.keyring import Keyring
from ledger.store.mapper import WrappedUnder, open_part
from ledger.store.recorder import LedgerRecorder, WordsRow


async def open_words(
    recorder: LedgerRecorder, keyring: Keyring, positions: Sequence[int]
) -> dict[int, Mapping[str, Any] | None]:
    """The words said at each position; None where nothing was said in words.

    Raises WordsErased where the key is gone, FactsIncomplete where the row is.
    """
    rows = await recorder.read_words(positions)
    if lost := set(positions) - {row.position for row in rows}:
        raise FactsIncomplete(f"entries {sorted(lost)}: not found in the database; run verify")
    return {row.position: None if row.sealed is None else _open(row, row.sealed, keyring) for row in rows}


def _open(row: WordsRow, sealed: bytes, keyring: Keyring) -> Mapping[str, Any]:
    if row.wrapped is None:
        raise WordsErased(f"words of entry {row.position}: their key is not in the vault; run verify")
    return open_part(read_entry(row.entry), Part.WORDS, sealed, WrappedUnder(row.wrapped, row.generation), keyring)
