"""``notices``: the outbox for whoever writes to patients, a line of JSON for each notice that is due."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from api.command_line.terminal import ExitCode, Failure, the_house, the_ledger

if TYPE_CHECKING:
    from api.wiring import House
    from ledger.core.instants import Instant
    from ledger.ledger import Ledger
    from projections.notices import Notice, Notices

_POSITION: Final = re.compile("[0-9]{1,16}")


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(notices)


def notices(
    since: Annotated[
        str | None, typer.Option("--since", help="The mark of the last line that was handled; else from the beginning.")
    ] = None,
) -> None:
    """Print what patients are to be told, as newline-delimited JSON, oldest first.

    Each line has the person, the kind of notice, when it was due, and a mark: the next time, go on from the last one's.
    It names no record and no item, and tells nothing that the patient may not know. Write to them that there is
    something to read, and no more. A notice that a guardian delays is there when the delay is over.
    """
    after = None if since is None else place_of(since)
    with the_house() as house:
        asyncio.run(print_outbox(house, after))


async def print_outbox(house: "House", after: "tuple[Instant, int] | None" = None) -> None:
    """Print what is due after a place in the outbox, or from the beginning."""
    async for line in _outbox(house, after):
        typer.echo(json.dumps(line))


async def _outbox(house: "House", after: "tuple[Instant, int] | None") -> AsyncIterator[dict[str, Any]]:
    from projections.all import ALL_PROJECTIONS
    from projections.follow import following
    from projections.notices import BEGINNING, Notices

    async with the_ledger(house) as ledger, following(ledger, house.conninfo, ALL_PROJECTIONS) as follower:
        await follower.wait_until(await ledger.rows.size() - 1)
        outbox, place = Notices(follower), after or BEGINNING
        while chunk := await _chunk(outbox, ledger, place):
            for notice in await _for_their_patients(ledger, chunk):
                yield _line(notice)
            place = chunk[-1].place


async def _chunk(outbox: "Notices", ledger: "Ledger", after: "tuple[Instant, int]") -> "list[Notice]":
    return await outbox.outbox(ledger.clock(), after=after)


async def _for_their_patients(ledger: "Ledger", notices: "list[Notice]") -> "list[Notice]":
    """Those that their patients may be told of: not of what is kept from them, nor when they have died."""
    from ledger.saying import By
    from ledger.use_cases.trail import Asked
    from projections.holding import visible

    asked, told = Asked("", "own-record", "trail"), []
    for patient in {notice.patient for notice in notices}:
        theirs = [notice for notice in notices if notice.patient == patient]
        told += await visible(ledger.trail, By(patient, "patient"), asked, theirs)
    return sorted(told, key=lambda notice: notice.place)


def _line(notice: "Notice") -> dict[str, Any]:
    from ledger.core.instants import format_instant

    due_at = format_instant(notice.due_at)
    return {"person": notice.patient, "kind": notice.kind, "due_at": due_at, "mark": f"{due_at}/{notice.position}"}


def place_of(mark: str) -> "tuple[Instant, int]":
    """The place in the outbox that a line's mark names; raises Failure for what is none."""
    from ledger.core.errors import MalformedStatement
    from ledger.core.instants import parse_instant

    due_at, _, position = mark.partition("/")
    try:
        if _POSITION.fullmatch(position):
            return parse_instant(due_at), int(position)
    except MalformedStatement:
        pass
    wanted = "a mark as a line has it, 2026-05-03T09:00:00.000Z/73894"
    raise Failure(f"--since: got {mark[:60]!r}, wanted {wanted}. Copy the last one.", ExitCode.USAGE)
