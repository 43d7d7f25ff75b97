"""Running the program: in this process where its end does not matter, else in one of its own."""

import os
import subprocess
from pathlib import Path

from typer.testing import CliRunner, Result

from api.command_line import app
from tests import begun

PROGRAM = begun.PROGRAM
DATA = Path(os.environ.get("LEDGER_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")


def environment(home: Path | None, **more: str) -> dict[str, str]:
    """This process's environment without settings of the ledger, but for the home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    return kept | ({} if home is None else {"LEDGER_HOME": str(home)}) | more


def run(home: Path | None, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, and give what it printed and how it ended."""
    return begun.run([PROGRAM, *words], env=environment(home, **more), timeout=240)


def done(home: Path | None, *words: str, **more: str) -> str:
    """Run a command that must succeed, and give its standard output."""
    result = run(home, *words, **more)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def call(home: Path, *words: str, **more: str) -> Result:
    """Run a command in this process, which has loaded already what a new one would have to."""
    unset: dict[str, str | None] = {name: None for name in os.environ if name.startswith("LEDGER_")}
    return CliRunner().invoke(app, list(words), env=unset | {"LEDGER_HOME": str(home)} | more)
