"""A writer process: adds notes for ever with many in flight, and prints each acknowledgement as a JSON line.

    python -m tests.store.writer HOME RECORD CLINICIAN IN_FLIGHT NAME

A note's statement id is derived from NAME and a number, and each is tried until it is acknowledged, so after a
kill the next writer of the same name goes on where acknowledgements stopped: nothing may be lost or doubled.
"""

import asyncio
import itertools
import json
import sys
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from api.settings import Settings
from api.wiring import ledger_of, open_house
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.store.errors import StoreError
from ledger.use_cases.items import Draft


def statement_id(name: str, n: int) -> str:
    """The id of the n-th note of a writer."""
    return str(uuid5(NAMESPACE_OID, f"{name}/{n}"))


def tell(line: dict[str, object]) -> None:
    """Write one JSON line at once: what stands there was acknowledged before whatever happens next."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def write(ledger: Ledger, record: str, clinician: str, in_flight: int, name: str) -> None:
    numbers = itertools.count()

    async def keep_adding() -> None:
        for n in numbers:
            await add(n)

    async def add(n: int) -> None:
        by = By(clinician, "clinician", statement_id(name, n))
        while True:
            try:
                answer = await ledger.items.add(by, record, Draft("note", f"Note {n} of {name}."))
            except StoreError as error:
                tell({"n": n, "error": str(error)})
                await asyncio.sleep(0.05)
            else:
                tell({"n": n, "position": answer.position, "receipt": answer.receipt.as_json()})
                return

    await asyncio.gather(*(keep_adding() for _ in range(in_flight)))


async def main() -> None:
    home, record, clinician, in_flight, name = sys.argv[1:]
    with open_house(Settings(home=Path(home))) as house:
        async with ledger_of(house) as ledger:
            tell({"ready": True})
            await write(ledger, record, clinician, int(in_flight), name)


if __name__ == "__main__":
    asyncio.run(main())
