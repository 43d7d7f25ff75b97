"""Write docs/reference/command-line.md from the commands themselves: python -m tests.command_line.make_reference."""

import os
from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from api.command_line import app

FILE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
HEAD = """# The command line

Made from the commands' own `--help` by `python -m tests.command_line.make_reference`, and held to it by a test.

Data goes to the standard output; with `--json` it is one JSON document. Progress and errors go to the standard error.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | the ledger refused it, or a check failed |
| 2 | it was asked for in a way that means nothing |
| 3 | the ledger cannot run here: database, settings or keys |
| 130 | interrupted |
"""
COMMANDS = (
    "demo", "serve", "migrate", "import", "export",
    "verify", "verify receipt", "verify bundle", "verify mirror", "audit replay", "audit as-of",
    "rebuild", "notices", "mirror",
    "witness keys", "witness serve", "witness evidence",
    "receipt", "people add", "people grant", "people care", "people invite", "people recover", "people list",
    "keys make", "keys list", "keys revoke", "keys token", "keys enrol", "keys sign",
    "log-keys list", "log-keys rotate", "log-keys retire",
    "erase status", "erase apply", "vault rotate", "vault status", "vault destroy",
    "bench append", "bench view", "bench http", "bench verify", "bench proof",
    "bench decide", "bench replay",
)  # fmt: skip


def help_of(*words: str) -> str:
    """What a command says of itself, 100 columns wide."""
    environment = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    result = CliRunner().invoke(app, [*words, "--help"], prog_name="record-ledger", env=environment)
    assert result.exit_code == 0, result.output
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


def reference() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_sections()])


def _sections() -> Iterator[str]:
    for command in ("", *COMMANDS):
        yield f"## `record-ledger{' ' if command else ''}{command}`\n\n```text\n{help_of(*command.split())}\n```\n"


if __name__ == "__main__":
    os.environ.pop("LEDGER_HOME", None)
    FILE.write_text(reference())
