"""``import`` and ``export``: files of other systems in, a patient's own file out."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.command_line.terminal import (
    AsJson,
    ExitCode,
    Failure,
    err,
    out,
    print_json,
    print_table,
    progress_bar,
    the_house,
    the_ledger,
)

if TYPE_CHECKING:
    from api.importing import FileOutcome
    from api.wiring import House


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("import")(import_)
    app.command()(export)


def import_(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of .json files.", metavar="PATH...")],
    as_json: AsJson = False,
) -> None:
    """Import records: FHIR R4 bundles and PriMock57 notes.

    Who wrote an item in the source is its author here, marked as imported, with the source's date. Stop it at any time
    and start it again: it goes on where it was, and importing twice doubles nothing. Ends with 1 if anything in the
    files could not be imported; the rest is there.
    """
    from api.import_files import source_files

    files = [file for path in paths for file in source_files(path)]
    with the_house() as house, progress_bar("Importing", len(files)) as tell:
        outcomes = asyncio.run(_import(house, files, lambda done: tell(done, None)))
    if as_json:
        print_json(_as_document(outcomes))
    else:
        _print_summary(outcomes)
    if any(outcome.problems for outcome in outcomes):
        raise typer.Exit(ExitCode.REFUSED)


async def _import(house: "House", files: list[Path], tell: Any) -> "list[FileOutcome]":
    from api.import_files import read_file
    from api.importing import import_files

    finished = 0

    def count(_outcome: "FileOutcome") -> None:
        nonlocal finished
        finished += 1
        tell(finished)

    async with the_ledger(house) as ledger:
        return await import_files(ledger, (read_file(file) for file in files), count)


def _as_document(outcomes: "list[FileOutcome]") -> dict[str, Any]:
    return {
        "imported": sum(outcome.added for outcome in outcomes),
        "already_there": sum(outcome.known for outcome in outcomes),
        "left_out": dict(_left_out(outcomes)),
        "problems": [problem for outcome in outcomes for problem in outcome.problems],
        "files": [
            {
                "file": str(outcome.file),
                "records": outcome.records,
                "imported": outcome.added,
                "already_there": outcome.known,
            }
            for outcome in outcomes
        ],
    }


def _print_summary(outcomes: "list[FileOutcome]") -> None:
    """One line for each folder, and one for all."""
    folders: dict[Path, list[FileOutcome]] = {}
    for outcome in outcomes:
        folders.setdefault(outcome.file.parent, []).append(outcome)
    rows = [_row(str(folder), found) for folder, found in folders.items()]
    print_table(
        ["Folder", "Files", "Records", "Imported", "Already there", "Left out", "Problems"],
        [*rows, _row("All", outcomes)] if len(rows) > 1 else rows,
    )
    for reason, count in _left_out(outcomes).most_common():
        out.print(f"left out  {count:>6,}  {reason}", markup=False)
    for problem in (problem for outcome in outcomes for problem in outcome.problems):
        err.print(problem, markup=False, soft_wrap=True)


def _row(name: str, outcomes: "list[FileOutcome]") -> list[str]:
    counts = (
        len(outcomes),
        sum(len(outcome.records) for outcome in outcomes),
        sum(outcome.added for outcome in outcomes),
        sum(outcome.known for outcome in outcomes),
        sum(_left_out(outcomes).values()),
        sum(len(outcome.problems) for outcome in outcomes),
    )
    return [name, *(f"{count:,}" for count in counts)]


def _left_out(outcomes: "list[FileOutcome]") -> Counter[str]:
    counted: Counter[str] = Counter()
    for outcome in outcomes:
        counted.update(outcome.left_out)
    return counted


def export(
    record: Annotated[str, typer.Argument(help="The record's id.")],
    to: Annotated[Path, typer.Option("--to", help="The zip file to write; it must not be there yet.")],
    as_person: Annotated[str, typer.Option("--as", help="The id of the person whose view is exported.")],
    acting_as: Annotated[str, typer.Option(help="What that person acts as: patient, clinician or carer.")] = "patient",
    as_json: AsJson = False,
) -> None:
    """Write what a person may see of a record into a file.

    The export itself is recorded on the record's trail, as any look is. For a patient or clinician the file also holds
    the signed statements, what opens them, and their receipts: "record-ledger verify FILE" checks it offline.
    """
    from api.exporting import Wanted, export_record

    if to.exists():
        raise Failure(f"{to}: got a file that is there already, wanted a new name. Choose another.", ExitCode.USAGE)
    with the_house() as house:
        exported = asyncio.run(export_record(house, Wanted(record, as_person, acting_as), to))
    if as_json:
        counts = {"items": exported.items, "statements": exported.statements}
        print_json({"file": str(to), **counts, "checkpoint": exported.standing})
    else:
        out.print(f"{to}: {exported.items:,} items, {exported.statements:,} signed statements.", markup=False)
