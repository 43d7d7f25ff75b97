"""Waiting for the checkpoint that covers what nobody awaits a receipt for, such as a look."""

import asyncio

from ledger.core.checkpoint import open_note
from ledger.ledger import Ledger

_LOOKS = 3000


async def covered(ledger: Ledger) -> int:
    """Return once a checkpoint covers all that was said until now, with its size; it fails after a minute."""
    size = await ledger.rows.size()
    for _ in range(_LOOKS):  # nobody tells when it is signed
        if (shown := open_note(await ledger.receipts.latest_checkpoint())[1].size) >= size:
            return shown
        await asyncio.sleep(0.02)
    raise AssertionError(f"got a checkpoint of {shown} entries, wanted {size}")
