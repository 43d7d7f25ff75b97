"""``bench``: what the ledger costs, each time against a baseline measured in the same minute on the same machine."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from api.command_line.terminal import AsJson, Group, err, print_json, print_table

Windows = Annotated[int, typer.Option(min=1, help="Rounds to measure; the medians of their ratios count.")]
Seconds = Annotated[float, typer.Option(min=0.05, help="Seconds of each round and contender.")]

bench = typer.Typer(cls=Group, no_args_is_help=True, help="Measure what the ledger costs, against baselines.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(bench, name="bench")


@bench.command()
def append(windows: Windows = 7, seconds: Seconds = 1.0, as_json: AsJson = False) -> None:
    """Statements admitted per second, signed, sealed, in the tree and with receipt."""
    from api.bench import append as measured

    _report(measured.run(windows=windows, seconds=seconds, tell=_tell), measured.TARGETS, as_json=as_json)


@bench.command()
def view(windows: Windows = 7, seconds: Seconds = 1.0, as_json: AsJson = False) -> None:
    """A clinician's first page of a record with 10,000 items, recorded before it is shown."""
    from api.bench import view as measured

    _report(measured.run(windows=windows, seconds=seconds, tell=_tell), measured.TARGETS, as_json=as_json)


@bench.command()
def http(windows: Windows = 7, seconds: Seconds = 1.0, as_json: AsJson = False) -> None:
    """A write and a view over HTTP, on 32 connections."""
    from api.bench import http as measured

    _report(measured.run(windows=windows, seconds=seconds, tell=_tell), measured.TARGETS, as_json=as_json)


@bench.command()
def proof(
    windows: Windows = 7,
    seconds: Seconds = 1.0,
    entries: Annotated[int, typer.Option(min=20_000, help="Entries of the large log.")] = 1_000_000,
    as_json: AsJson = False,
) -> None:
    """A receipt from a log of a million entries; what a statement takes on disk; admission at that size."""
    from api.bench import proof as measured

    outcome = measured.run(windows=windows, seconds=seconds, entries=entries, tell=_tell)
    _report(outcome, measured.TARGETS, as_json=as_json)


@bench.command()
def verify(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds to measure; medians count.")] = 3,
    seconds: Seconds = 1.0,
    entries: Annotated[int, typer.Option(min=100, help="Notes that are signed and admitted first.")] = 30_000,
    as_json: AsJson = False,
) -> None:
    """A whole ledger verified, against signatures alone; and the hundredth that is new."""
    from api.bench import verify as measured

    outcome = measured.run(rounds=rounds, seconds=seconds, entries=entries, tell=_tell)
    _report(outcome, measured.TARGETS, as_json=as_json)


@bench.command()
def decide(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds to measure; medians count.")] = 7,
    items: Annotated[int, typer.Option(min=10, help="Items of the record.")] = 10_000,
    directives: Annotated[int, typer.Option(min=0, help="Directives of its patient.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Items decided per second, for a patient, a clinician and a carer, in one process without a database."""
    from api.bench import decide as measured

    outcome = measured.run(rounds=rounds, items=items, directives=directives, tell=_tell)
    _report(outcome, measured.TARGETS, as_json=as_json)


@bench.command()
def replay(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds to measure; medians count.")] = 3,
    records: Annotated[
        int, typer.Option(min=1, help="Records of the smaller ledger; the larger has four times so many.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Recorded disclosures derived again: item decisions per second, and memory for a ledger four times as large."""
    from api.bench import replay as measured

    _report(measured.run(rounds=rounds, records=records, tell=_tell), measured.TARGETS, as_json=as_json)


def _tell(what: str) -> None:
    err.print(what, markup=False)


def _report(measured: dict[str, Any], targets: Any, *, as_json: bool) -> None:
    if as_json:
        print_json(measured)
        return
    rows = [[name, _shown(value), _shown(targets.get(name, ""))] for name, value in measured.items()]
    print_table(["Measured", "Here", "Wanted"], rows)


def _shown(value: object) -> str:
    shown: Callable[[Any], str] = "{:,.3g}".format if isinstance(value, float) and value < 100 else "{:,.0f}".format
    return shown(value) if isinstance(value, float | int) else str(value)
