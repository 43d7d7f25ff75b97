"""The story from beginning to end, and how to go on from there."""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from api.demo.answers import answer_and_correct
from api.demo.around import live_on, look, share
from api.demo.auditing import an_audit
from api.demo.cast import Cast
from api.demo.months import fill
from api.demo.scenes import (
    a_broken_glass,
    a_note_in_three_columns,
    a_withdrawal,
    an_answer_and_an_amendment,
    the_plan_and_not_the_details,
)
from api.demo.stage import Stage, stage_in
from api.demo.tampering import copy_of, flip_one_byte, verify
from api.demo.town import move_in
from api.demo.trials import trials
from api.postgres.place import Place
from api.settings import Settings, read_settings
from api.sign_in.personas import NotADemonstration, Personas, check_this_machine_only
from api.wiring import House, open_house

Serve = Callable[[House, Callable[[str], None], Personas], None]
"""Serves a house until interrupted, with the people as whom one may sign in; tells the address once it is there."""

_NARROWEST = 100
"""Columns that three readers side by side need; a pipe has no width of its own."""
_MARK = "demonstration"
"""A file in the home of every ledger that a demo made."""


def run_demo(serve: Serve | None, *, port: int | None) -> None:
    """Start a ledger, tell the story, and ``serve`` it until interrupted; without, end after the story.

    Raises NotADemonstration, before anything is started, if it would be served to other machines, and for the home of a
    ledger that no demo made.
    """
    settings = read_settings()
    if serve is not None:
        check_this_machine_only(settings)
    began = time.monotonic()
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _NARROWEST
    with _home(settings) as of_demo:
        chosen = of_demo if port is None else of_demo.model_copy(update={"port": port})
        console.print("[bold]A record that more than one person has a say in, on one log that can be proved.[/]")
        console.print(f"The ledger of this demo is in {chosen.home}; everything below is what it really answered.")
        with open_house(chosen) as house:
            (chosen.home / _MARK).touch()
            cast, personas = asyncio.run(_play(house, console))
            _tamper(house, console)
            console.print()
            console.print(f"[bold green]The story is told[/] ({time.monotonic() - began:.0f} seconds).")
            if serve is not None:
                console.print()
                serve(house, lambda url: _say_how_to_go_on(url, house, cast, console), personas)


@contextmanager
def _home(settings: Settings) -> Iterator[Settings]:
    """The settings of a demo: never a database of one's own, and a home that is removed unless one was named."""
    if os.environ.get("LEDGER_HOME"):
        _check_of_a_demo(settings.home)
        yield settings.model_copy(update={"database_url": None})
        return
    directory = Path(tempfile.mkdtemp(prefix="record-ledger-demo-"))
    directory.chmod(0o711)  # root's PostgreSQL runs as another account, which must get through
    home = directory / "home"
    try:
        yield settings.model_copy(update={"database_url": None, "home": home})
    finally:
        shutil.rmtree(Place(home).run, ignore_errors=True)
        shutil.rmtree(Place(home).cluster, ignore_errors=True)
        shutil.rmtree(directory, ignore_errors=True)


def _check_of_a_demo(home: Path) -> None:
    """Raise NotADemonstration for a real ledger: the story would stay in it, and anybody would be its administrator."""
    if home.exists() and any(home.iterdir()) and not (home / _MARK).exists():
        raise NotADemonstration(
            f"demo: got LEDGER_HOME {home}, which has something in it that no demo made, wanted an empty one or one of"
            " a demo; unset LEDGER_HOME, or name another directory"
        )


async def _play(house: House, console: Console) -> tuple[Cast, Personas]:
    async with stage_in(house, console) as stage:
        note = await a_note_in_three_columns(stage)
        await an_answer_and_an_amendment(stage, note)
        nothing_shared = await stage.carer()
        directive = await the_plan_and_not_the_details(stage)
        await a_withdrawal(stage, directive, nothing_shared)
        await a_broken_glass(stage)
        await an_audit(stage)
        return stage.cast, await _live_on(stage, console)


async def _live_on(stage: Stage, console: Console) -> Personas:
    """What the pages have to show besides the story: months of care, and more people. Gives whom one may sign in as."""
    ledger, cast = stage.ledger, stage.cast
    town = await move_in(ledger, cast)
    items = await fill(ledger, cast, town)
    await answer_and_correct(ledger, cast, town, items)
    await share(ledger, cast, town, items)
    await look(ledger, cast, town, items)
    await live_on(ledger, cast, town)
    console.print()
    console.print(
        "Meanwhile life goes on: months of care are imported and written, more people come in, share, look and ask."
        f" The log has {await ledger.rows.size()} entries now."
    )
    return cast.personas(town.personas(cast), trials(cast, items))


def _tamper(house: House, console: Console) -> None:
    console.print()
    console.rule("[bold]7  One byte is flipped", align="left")
    sound = verify(house)
    console.print(
        f"The whole ledger verifies: {sound.size} entries, every hash, signature, key, content and checkpoint."
        if sound.ok
        else f"[bold red]The ledger does not verify: {escape(str(sound))}[/]"
    )
    with copy_of(house) as copy:
        position = flip_one_byte(copy)
        console.print(
            f"Somebody with every right on the database copies it, switches the triggers off and flips one byte of "
            f"what entry {position} says. [bold]record-ledger verify[/] on that copy:"
        )
        first = verify(house, copy).first_wrong
    found = "nothing: that is a fault" if first is None else f"{first.title}\n[red]{escape(str(first.wrong))}[/]"
    console.print(Panel(found, title="first wrong", title_align="left"))


def _say_how_to_go_on(url: str, house: House, cast: Cast, console: Console) -> None:
    program = Path(sys.argv[0])
    command = str(program if program.exists() else "record-ledger")
    here = f"http://localhost:{urlsplit(url).port}/demo"
    console.print(f"Now it serves until you press Ctrl-C. Sign in as any of them at {here}")
    console.print("Or in another terminal, as Amina:")
    lines = [
        f"export LEDGER_HOME={house.home}",
        f"{command} keys make {cast.amina.person} --to $LEDGER_HOME/amina.jwk",
        f"TOKEN=$({command} keys token $LEDGER_HOME/amina.jwk --acting-as patient --url {url})",
        f'curl -H "Authorization: Bearer $TOKEN" {url}/records/{cast.record}',
        f'curl -H "Authorization: Bearer $TOKEN" {url}/records/{cast.record}/trail',
        f"{command} verify",
        f"curl {url}/openapi.json",
    ]
    console.print("\n" + "\n".join(f"  {line}" for line in lines) + "\n", soft_wrap=True, markup=False)
    console.print("[dim]For Sam or Dr Okafor, make a key for:[/]", f"{cast.sam.person}, {cast.okafor.person}")
