"""``receipt``: what an author keeps to show that a statement was admitted; ``verify receipt`` checks it offline."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.command_line.terminal import AsJson, ExitCode, Failure, out, print_json, the_house, the_ledger

if TYPE_CHECKING:
    from api.wiring import House
    from ledger.store.receipts import StandingReceipt


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(receipt)


def receipt(
    author: Annotated[str, typer.Argument(help="The author's person id.")],
    statement: Annotated[str, typer.Argument(help="The statement's id, as its author chose it.")],
    witnessed: Annotated[
        bool, typer.Option("--witnessed", help="Only one that the witnesses of LEDGER_POLICY have cosigned.")
    ] = False,
    to: Annotated[Path | None, typer.Option("--to", help="The file to write; it must not be there yet.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the receipt of a statement, or write it into a file.

    The entry, and its inclusion in the tree under the newest checkpoint that is witnessed, or else under the newest
    that the log has signed. record-ledger verify receipt checks it anywhere, without the ledger. With --json the
    receipt stands beside its position, and beside what its checkpoint has: recorded or witnessed.
    """
    if to is not None and to.exists():
        raise Failure(f"{to}: got a file that is there already, wanted a new name. Choose another.", ExitCode.USAGE)
    with the_house() as house:
        position, found = asyncio.run(_find(house, author, statement, witnessed=witnessed))
    if to is not None:
        to.write_text(json.dumps(found.receipt.as_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json({"position": position, **found.as_json()})
    elif to is None:
        print_json(found.receipt.as_json())
    else:
        out.print(f"{to}: the receipt of the entry at position {position:,}, {found.standing}.", markup=False)


async def _find(house: "House", author: str, statement: str, *, witnessed: bool) -> "tuple[int, StandingReceipt]":
    from api.trust import read_policy, witnessed_under
    from ledger.core.shapes import uuid

    policy = read_policy(house.settings)
    if witnessed and policy is None:
        raise Failure("--witnessed: got no LEDGER_POLICY, wanted the file that names the witnesses.", ExitCode.USAGE)
    for name, value in (("author", author), ("statement", statement)):
        uuid(name, value)
    async with the_ledger(house) as ledger:
        position = await ledger.rows.position_of(author, statement)
        if position is None:
            raise Failure(f"statement {statement}: got none of {author} under this id. Check both ids.")
        try:
            found = await ledger.receipts.soon_at(position, witnessed_under(policy))
        except TimeoutError:
            raise Failure(f"entry {position}: got no checkpoint that covers it yet. Try again.") from None
    if witnessed and found.standing != "witnessed":
        raise Failure(
            f"entry {position}: too few witnesses have cosigned a checkpoint that covers it. The service asks them"
            " while it runs: try again in a few seconds."
        )
    return position, found
