"""The command line, ``record-ledger``: one file for each group of commands.

    service.py    demo, serve, migrate          starts the ledger
    files.py      import, export                files in, files out
    verify.py     verify, verify receipt, bundle, mirror
    audit.py      audit replay, as-of           who was shown what, derived again
    checking.py   rebuild                       makes again what follows from the log
    notices.py    notices                       what patients are to be told, for who writes to them
    mirror.py     mirror                        somebody else's log, kept in files
    witness.py    witness keys, serve, evidence
    receipts.py   receipt                       what shows that a statement was admitted
    people.py     people add, grant, list       who there is
    keys.py       keys make, list, revoke
    keys_remote.py  keys token, enrol, sign     over HTTP, with a key file
    log_keys.py   log-keys list, rotate, retire
    recovering.py recover                       a new name for a log that has lost entries
    erase.py      erase status, apply
    vault.py      vault rotate, status, destroy
    bench.py      bench append, view, decide, …  what it costs
    terminal.py   printing, exit codes, how a command reaches the ledger

A command here reads its arguments, calls one function of the house, and prints what that returned. What is heavy is
imported when a command runs, so that ``record-ledger --help`` answers at once.
"""

import typer

from api.command_line import (
    audit,
    bench,
    checking,
    erase,
    files,
    keys,
    log_keys,
    mirror,
    notices,
    people,
    receipts,
    recovering,
    service,
    vault,
    verify,
    witness,
)
from api.command_line.terminal import Group

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="A shared health record on one log that can be proved: who said what, and who was shown it.",
    epilog="Exit codes: 0 done; 1 refused, or a check failed; 2 wrong usage; 3 the ledger cannot run here "
    "(database, settings or keys). LEDGER_HOME is the directory of its data and keys, LEDGER_DATABASE_URL a "
    "PostgreSQL of your own, LEDGER_ORIGIN the log's name.",
)
service.add_to(app)
files.add_to(app)
verify.add_to(app)
audit.add_to(app)
checking.add_to(app)
notices.add_to(app)
mirror.add_to(app)
witness.add_to(app)
receipts.add_to(app)
people.add_to(app)
keys.add_to(app)
log_keys.add_to(app)
recovering.add_to(app)
erase.add_to(app)
vault.add_to(app)
bench.add_to(app)


def main() -> None:
    """Run the command line; the console script."""
    app()
