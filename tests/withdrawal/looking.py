"""A process of readers: look at a record again and again, as a carer, until standard input ends.

    python -m tests.withdrawal.looking DSN RECORD CARER READERS

It imports ``ledger`` from wherever PYTHONPATH says: also from a copy that was tampered with.
"""

import asyncio
import json
import sys

from api.clock import clock
from ledger.ledger import Ledger, open_ledger
from ledger.saying import By
from ledger.store.errors import Conflict
from ledger.use_cases.trail import Asked
from tests.keyring import fixed_keyring


async def look(ledger: Ledger, record: str, carer: By, seen: dict[str, int]) -> None:
    """Look for ever; a ledger that is too busy to record shows nothing."""
    while True:
        try:
            disclosure = await ledger.trail.open(carer, Asked(record, "shared-with-me"))
        except Conflict:
            seen["busy"] += 1
            continue
        seen["full" if disclosure.shown else "empty"] += 1


async def main() -> None:
    dsn, record, carer, readers = sys.argv[1:]
    seen = {"full": 0, "empty": 0, "busy": 0}
    async with open_ledger(dsn, fixed_keyring(), clock) as ledger:
        looking = [asyncio.create_task(look(ledger, record, By(carer, "carer"), seen)) for _ in range(int(readers))]
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        for one in looking:
            one.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
