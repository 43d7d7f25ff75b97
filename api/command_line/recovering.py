"""``recover``: go on under a new name where the newest entries are lost for good."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.command_line.terminal import AsJson, ExitCode, Failure, out, print_json

if TYPE_CHECKING:
    from api.recovery import Recovered


def add_to(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command(epilog="See docs/how-to/recover-after-loss.md.")(recover)


def recover(
    origin: Annotated[str, typer.Option("--origin", help="The new name of the log; never one that it had.")],
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint", exists=True, dir_okay=False, help="The newest note of the old log that anybody has."
        ),
    ] = None,
    lost: Annotated[
        int | None,
        typer.Option("--yes-entries-are-lost", min=0, help="How many entries are lost; the command says it first."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Go on under a new name after entries were lost.

    For a database that was restored, and is behind what was released of its log. Refused where nothing is lost. Stop
    the service first. If it is interrupted, run it again.
    """
    from api.recovery import RecoveryRefused
    from api.recovery import recover as recover_ledger
    from api.settings import read_settings

    settings = read_settings()
    _check_name(origin)
    note = None if checkpoint is None else checkpoint.read_bytes()
    try:
        recovered = recover_ledger(settings, origin, lost=lost, checkpoint=note)
    except RecoveryRefused as refusal:
        raise Failure(str(refusal)) from refusal
    _tell(recovered, as_json=as_json)


def _check_name(origin: str) -> None:
    from pydantic import ValidationError

    from api.settings import Settings

    try:
        Settings(origin=origin)
    except ValidationError as error:
        raise Failure(f"--origin is {origin!r}: {error.errors()[0]['msg']}", ExitCode.USAGE) from None


def _tell(recovered: "Recovered", *, as_json: bool) -> None:
    """What was done, and what is to be done now."""
    from dataclasses import asdict

    if as_json:
        print_json(asdict(recovered))
        return
    out.print(
        f"The log {recovered.earlier} goes on as {recovered.origin}, from position {recovered.begins_at:,}.\n"
        f"Keys of erased words destroyed again: {recovered.destroyed_again:,}.\n"
        f"Now set LEDGER_ORIGIN={recovered.origin}, back up LEDGER_HOME/keys, run record-ledger verify and"
        " record-ledger rebuild,\nand give the witnesses, mirrors and clients the new name and"
        " LEDGER_HOME/keys/log-verifier.txt.",
        markup=False,
    )
