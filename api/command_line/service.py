"""``demo``, ``serve`` and ``migrate``: everything that starts the ledger or gets its database ready."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from api.command_line.terminal import AsJson, ExitCode, Failure, err, log_to_stderr, out, print_json

if TYPE_CHECKING:
    from api.sign_in.personas import Personas
    from api.wiring import House

Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="The port to listen on; 0 for any free one.", show_default="8420")
]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(demo)
    app.command()(serve)
    app.command()(migrate)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the story; do not serve.")] = False,
    port: Port = None,
) -> None:
    """Tell one story in two minutes, then serve its ledger.

    Everything shown is what the ledger really answered. While it is served, anybody at this machine signs in as anybody
    of the story, at /demo. The ledger is made in a temporary directory and removed at the
    end, unless LEDGER_HOME names one.
    """
    from api.demo import run_demo
    from api.sign_in.personas import NotADemonstration

    try:
        run_demo(None if once else _serve, port=port)
    except NotADemonstration as error:
        raise Failure(str(error), ExitCode.USAGE) from error


def serve(
    host: Annotated[
        str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1, or LEDGER_HOST")
    ] = None,
    port: Port = None,
) -> None:
    """Serve the ledger over HTTP until it is interrupted.

    Until the first administrator has come in, each start prints a link on the standard error by which they can: it is
    good for an hour, and once.
    """
    from api.settings import read_settings
    from api.wiring import open_house

    given = {"host": host, "port": port}
    chosen = {name: value for name, value in given.items() if value is not None}
    log_to_stderr()
    with open_house(read_settings().model_copy(update=chosen)) as house:
        _serve(
            house,
            lambda url: err.print(f"record-ledger serves {house.settings.origin} at {url}"),
            first_link=_print_first_link,
        )


def migrate(as_json: AsJson = False) -> None:
    """Bring the database's schema up to date.

    A ledger with its own PostgreSQL does this by itself at each start. For LEDGER_DATABASE_URL, run it once with a
    connection that may change the schema, and again after each new version.
    """
    from api.settings import read_settings
    from api.wiring import SCHEMA_FOLDERS, open_house
    from ledger.store.migrate import migrate as migrate_database

    settings = read_settings()
    if settings.database_url is not None:  # whoever migrates it has no need of the ledger's keys
        applied = migrate_database(settings.database_url.get_secret_value(), *SCHEMA_FOLDERS)
    else:
        with open_house(settings):
            applied = []
    if as_json:
        print_json({"applied": applied})
    else:
        out.print("\n".join(["Applied:", *applied]) if applied else "The schema is up to date.")


def _print_first_link(link: str) -> None:
    told = "Nobody has come in yet. The first administrator does here, within the hour:"
    err.print(told, link, sep="\n", markup=False, soft_wrap=True)


def _serve(
    house: "House",
    ready: Callable[[str], None],
    personas: "Personas | None" = None,
    *,
    first_link: Callable[[str], None] | None = None,
) -> None:
    from api.http.serving import ServingFailed
    from api.http.serving import serve as serve_house

    try:
        serve_house(house, ready, personas=personas, first_link=first_link)
    except ServingFailed as error:
        raise Failure(str(error), ExitCode.UNREACHABLE) from error
