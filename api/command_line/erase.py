"""``erase``: what an operator does about erasures: see what is asked and done, and destroy what is due."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from api.command_line.terminal import AsJson, Failure, Group, out, print_json, print_table, the_house, the_ledger

if TYPE_CHECKING:
    from api.wiring import House
    from ledger.ledger import Ledger
    from ledger.store.generations import Completion
    from ledger.store.vault import Erasure
    from ledger.use_cases.erasing import Asked

T = TypeVar("T")

erase = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="See what is asked to be erased and what was, and destroy what is due. Who may erase says so over HTTP.",
)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(erase, name="erase")


@erase.command()
def apply(as_json: AsJson = False) -> None:
    """Destroy the keys of all words that were erased and are still there.

    A ledger that may destroy does so at once, and at each start. Run this where it could not: after a failure, or where
    the service has no LEDGER_ERASER_URL and you have.
    """

    async def work(ledger: "Ledger") -> int:
        from ledger.use_cases.erasing import apply_erasures

        return await apply_erasures(ledger)

    with the_house() as house:
        if house.eraser is None:
            raise Failure("vault: got no connection as ledger_eraser, wanted one; set LEDGER_ERASER_URL.")
        destroyed = asyncio.run(_within(house, work))
    if as_json:
        print_json({"destroyed": destroyed})
    else:
        out.print(f"{destroyed:,} keys destroyed." if destroyed else "Nothing is due.")


@erase.command()
def status(as_json: AsJson = False) -> None:
    """Show what is asked to be erased and waits for a guardian, what was erased, and when that is complete."""
    from api.rotating import read_status

    async def work(ledger: "Ledger") -> "tuple[list[Asked], list[Erasure]]":
        return await ledger.erasing.asked(), await ledger.erasing.erasures()

    with the_house() as house:
        asked, erasures = asyncio.run(_within(house, work))
        _, completions = read_status(house, erasures)
    waiting = [_told_asked(one) for one in asked]
    erased = [told_completion(erasure, completions[erasure.position]) for erasure in erasures]
    if as_json:
        print_json({"asked": waiting, "erased": erased})
        return
    if not waiting and not erased:
        out.print("Nothing was asked to be erased.")
    if waiting:
        rows = [[one["record"], one["item"], one["erasure"], one["basis"]] for one in waiting]
        print_table(["Waits: record", "Item", "Erasure", "Basis"], rows)
    if erased:
        print_table(["Erased: record", "Item", "Basis", "State"], [_row(one) for one in erased])


def read_erasures(house: "House") -> "list[Erasure]":
    """Every erasure of a ledger."""

    async def work(ledger: "Ledger") -> "list[Erasure]":
        return await ledger.erasing.erasures()

    return asyncio.run(_within(house, work))


def told_completion(erasure: "Erasure", completion: "Completion") -> dict[str, Any]:
    """An erasure with how far it has come, for machines."""
    from ledger.core.instants import format_instant

    said = erasure.said
    return {
        "position": erasure.position,
        "record": said.record,
        "item": said.item,
        "erasure": said.erasure,
        "basis": said.basis,
        "erased_at": format_instant(erasure.recorded_at),
        "words": len(said.positions),
        "words_due": completion.due,
        "waits_for": list(completion.waits_for),
        "complete_at": None if completion.at is None else format_instant(completion.at),
    }


async def _within(house: "House", work: "Callable[[Ledger], Awaitable[T]]") -> T:
    async with the_ledger(house) as ledger:
        return await work(ledger)


def _told_asked(asked: "Asked") -> dict[str, Any]:
    return {
        "position": asked.position,
        "record": asked.record,
        "item": asked.item,
        "erasure": asked.erasure,
        "basis": asked.basis,
        "author": asked.author,
    }


def _row(told: dict[str, Any]) -> list[str]:
    if told["words_due"]:
        state = f"hidden; {told['words_due']} of {told['words']} keys not destroyed yet: run record-ledger erase apply"
    elif told["complete_at"] is None:
        waits = ", ".join(map(str, told["waits_for"]))
        state = f"destroyed here; complete when key generation {waits} is destroyed"
    else:
        state = f"complete since {told['complete_at']}"
    return [told["record"], told["item"], told["basis"], state]
