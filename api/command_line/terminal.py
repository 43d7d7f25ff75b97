"""What every command shares: where it prints, how it fails, how it reaches the ledger.

Data goes to the standard output, and with ``--json`` it is one JSON document; everything else (progress, summaries of
what is going on, errors) goes to the standard error, so that a pipe only ever carries data.

Whatever can be foreseen is told in one sentence and by the exit code; a traceback is a fault of the program.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console
from typer.core import TyperGroup

if TYPE_CHECKING:
    from rich.progress import Progress

    from api.wiring import House
    from ledger.ledger import Ledger

T = TypeVar("T")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]


class ExitCode(IntEnum):
    """How a command ends."""

    DONE = 0
    REFUSED = 1
    """The ledger refused it, or a check failed."""
    USAGE = 2
    """It was asked for in a way that means nothing; Typer ends so too."""
    UNREACHABLE = 3
    """The ledger cannot run here: database, settings or keys."""
    INTERRUPTED = 130


class Failure(Exception):
    """A command cannot go on; the message is the sentence that the person reads."""

    def __init__(self, message: str, code: ExitCode = ExitCode.REFUSED) -> None:
        super().__init__(message)
        self.code = code


class Group(TyperGroup):
    """A group of commands whose foreseen errors end in one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; turn what was foreseen into ``typer.Exit``."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except Exception as error:
            code = _foreseen(error)
            if code is None:
                raise
            err.print(f"[bold red]record-ledger:[/] {_escaped(_sentence(error))}", soft_wrap=True)
            raise typer.Exit(code) from None


def _foreseen(error: Exception) -> ExitCode | None:
    """The exit code of an error that was foreseen; None for a fault of the program.

    The classes are imported only here: by now a command has failed, and what it failed with is loaded already.
    """
    import psycopg

    from api.import_files import ImportProblem
    from api.postgres import EmbeddedPostgresError
    from api.secrets import SecretsError
    from api.settings import SettingsError
    from api.sign_in.key_file import KeyFileError
    from ledger.core.errors import CoreError
    from ledger.domain.errors import DomainError
    from ledger.store.errors import MigrationRefused, NotRecorded, StoreError
    from projections.errors import ProjectionError

    if isinstance(error, Failure):
        return error.code
    cannot_run = (EmbeddedPostgresError, SecretsError, SettingsError, MigrationRefused, NotRecorded, psycopg.Error)
    if isinstance(error, cannot_run):
        return ExitCode.UNREACHABLE
    if isinstance(error, ImportProblem | KeyFileError):
        return ExitCode.USAGE
    return ExitCode.REFUSED if isinstance(error, CoreError | DomainError | StoreError | ProjectionError) else None


def _sentence(error: Exception) -> str:
    import psycopg

    text = " ".join(str(error).split())
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName):
        return f"the database has no ledger yet ({text}). Run record-ledger migrate, then try again."
    if isinstance(error, psycopg.Error):
        return f"the database did not do it ({text}). Start it, or check LEDGER_DATABASE_URL, then try again."
    return text


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def log_to_stderr() -> None:
    """Let the service's log go to the standard error: instants, routes and outcomes, never a word or a name."""
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


def print_json(document: Any) -> None:
    """Print one JSON document on the standard output."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2))


def print_table(columns: list[str], rows: list[list[str]]) -> None:
    """Print rows under their columns."""
    from rich import box
    from rich.measure import Measurement
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*map(_escaped, row))
    # Ids are for copying, so a table is as wide as it must be, however narrow the terminal is.
    unbounded = out.options.update(width=1000, max_width=1000)
    out.width = max(out.width, Measurement.get(out, unbounded, table).maximum)
    out.print(table)


@contextmanager
def progress_bar(what: str, total: int | None) -> "Iterator[Callable[[int, int | None], None]]":
    """Show a bar on the standard error while something long runs; yields ``tell(done, total)``."""
    with _bar() as bar:
        task = bar.add_task(what, total=total)

        def tell(done: int, of: int | None = None) -> None:
            bar.update(task, completed=done, total=total if of is None else of)

        yield tell


def _bar() -> "Progress":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)


@contextmanager
def the_house() -> "Iterator[House]":
    """The database and the keys that the environment names."""
    from api.settings import read_settings
    from api.wiring import open_house

    with open_house(read_settings()) as house:
        yield house


@asynccontextmanager
async def the_ledger(house: "House") -> "AsyncIterator[Ledger]":
    """The ledger of a house, in this process."""
    from api.wiring import ledger_of

    async with ledger_of(house) as ledger:
        yield ledger


def with_ledger(work: "Callable[[Ledger], Awaitable[T]]") -> T:
    """Open the house and its ledger, do some work in it, and close both."""

    async def within(house: "House") -> T:
        async with the_ledger(house) as ledger:
            return await work(ledger)

    with the_house() as house:
        return asyncio.run(within(house))
