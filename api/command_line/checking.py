"""``verify`` and ``rebuild``: show that the log is what was admitted; make again what follows from it."""

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from api.command_line.terminal import AsJson, ExitCode, out, print_json, progress_bar, the_house, the_ledger

if TYPE_CHECKING:
    from api.wiring import House


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(verify)
    app.command()(rebuild)


def verify(
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave out what needs the key-encryption key.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check the whole ledger, step by step.

    Order, signatures, keys, sealed contents, the tree, its checkpoints and the indexes. Ends with 1 and names the first
    position that is wrong, if one is. The ledger may be written to meanwhile.
    """
    from api.verifying import verify_database
    from api.wiring import clock

    with the_house() as house, progress_bar("Verifying", None) as tell:
        outcome = verify_database(
            house.conninfo,
            house.keyring,
            at=clock(),
            opening=not without_keys,
            cores=os.cpu_count() or 1,
            progress=tell,
        )
    if as_json:
        print_json(outcome.as_json())
    else:
        out.print(str(outcome), markup=False)
    if not outcome.ok:
        raise typer.Exit(ExitCode.REFUSED)


def rebuild(as_json: AsJson = False) -> None:
    """Make the projections again from the log.

    Timeline, directory and access trail. Stop it at any time; whoever follows the ledger next goes on. Views wait
    meanwhile, and never show half of it.
    """
    with the_house() as house, progress_bar("Rebuilding", None) as tell:
        entries = asyncio.run(_rebuild(house, tell))
    if as_json:
        print_json({"entries": entries})
    else:
        out.print(f"Rebuilt from {entries:,} entries.")


async def _rebuild(house: "House", tell: Callable[[int, int], None]) -> int:
    from projections.all import ALL_PROJECTIONS
    from projections.follow import Follower

    async with the_ledger(house) as ledger:
        follower = Follower(ledger, house.conninfo, ALL_PROJECTIONS)
        try:
            return await follower.rebuild(tell)
        finally:
            await follower.stop()
