"""Many requests by every role, by hand: ``python -m tests.schema.run``; ``SCHEMA_REQUESTS`` is how many at least."""

import asyncio
import os
import sys
import tempfile
from itertools import count
from pathlib import Path

from api.postgres import EmbeddedPostgres
from api.wiring import SCHEMA_FOLDERS
from ledger.store.migrate import migrate
from tests.postgres_fixture import TEMPLATE, UNSAFE_FAST, Database, home_in_memory, new_database
from tests.schema.fuzzing import Found, ask, shares
from tests.schema.serving import ROLES, serving
from tests.story import begin_in


def main() -> int:
    """Ask until there were enough requests, each role in its turn; tell every fault, and how many there are."""
    wanted, found = int(os.environ.get("SCHEMA_REQUESTS", "20000")), Found()
    with home_in_memory() as home, EmbeddedPostgres(home, options=UNSAFE_FAST) as server:
        server.create_database(TEMPLATE)
        migrate(server.superuser_dsn(TEMPLATE), *SCHEMA_FOLDERS)
        with new_database(server, TEMPLATE) as name, tempfile.TemporaryDirectory() as place:
            database = Database(server, name)
            _ask(database, Path(place), wanted, found)
    for fault, how in found.faults.items():
        sys.stderr.write(f"{fault}: {how}\n")
    sys.stdout.write(f"{found.requests} requests, {len(found.faults)} faults: {dict(sorted(found.statuses.items()))}\n")
    return min(1, len(found.faults))


def _ask(database: Database, home: Path, wanted: int, found: Found) -> None:
    begun = asyncio.run(begin_in(database))
    with serving(database, begun, home) as served:
        for turn in count():
            if found.requests >= wanted:
                return
            role = ROLES[turn % len(ROLES)]  # with a fresh token, which lasts ten minutes
            names = shares(served.place.operations, ROLES, turn // len(ROLES))[role]
            phases = ("examples", "coverage", "fuzzing")
            more = ask(served, served.caller(role), names, phases=phases, examples=5, seed=turn)
            found.statuses.update(more.statuses)
            for fault, how in more.faults.items():
                found.faults.setdefault(fault, how)
            sys.stdout.write(f"{role}: {more.requests} requests, {len(more.faults)} faults\n")
            sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
