"""``rebuild``: make again what follows from the log."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from api.command_line.terminal import AsJson, out, print_json, progress_bar, the_house, the_ledger

if TYPE_CHECKING:
    from api.wiring import House


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(rebuild)


def rebuild(as_json: AsJson = False) -> None:
    """Make the projections again from the log.

    Timeline, directory, access trail, worklist and notices. Stop it at any time; whoever follows the ledger next goes
    on. Views wait meanwhile, and never show half of it.
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
