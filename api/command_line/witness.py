"""``witness``: the separate cosigner, run by somebody else than the log's keeper (C2SP tlog-witness)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.command_line.terminal import AsJson, ExitCode, Failure, Group, err, log_to_stderr, out, print_json, print_table

if TYPE_CHECKING:
    from ledger.witness import Evidence

Home = Annotated[Path, typer.Option("--home", help="The witness's directory, from witness keys.")]

witness = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Be a witness of somebody's log: cosign its checkpoints as long as it shows one history and never goes back.",
)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(witness, name="witness")


@witness.command()
def keys(
    to: Annotated[Path, typer.Option("--to", help="The witness's directory; no witness may be there yet.")],
    name: Annotated[str, typer.Option(help="The witness's name, as in patients.example.org/witness.")],
    as_json: AsJson = False,
) -> None:
    """Make a witness: two keys and an empty memory, and print the two verifier keys.

    Give one of them, or both, to the keepers of trust policies: ML-DSA-44 if they can check it.
    """
    from api.witness.home import WitnessHome

    with _foreseen():
        made = WitnessHome.create(to, name)
    ed25519, ml_dsa_44 = (str(signer.key) for signer in made.signers)
    if as_json:
        print_json({"home": str(to), "name": name, "ed25519": ed25519, "ml_dsa_44": ml_dsa_44})
    else:
        typer.echo(f"{ed25519}\n{ml_dsa_44}")


@witness.command()
def serve(
    home: Home,
    log: Annotated[
        list[Path],
        typer.Option("--log", metavar="<path>", help="A file with a log's verifier keys; once for each log to watch."),
    ],
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 for any free one.")] = 8421,
) -> None:
    """Serve POST /add-checkpoint until it is interrupted."""
    from api.listening import ListeningFailed, listen
    from api.witness.app import create_witness_app
    from api.witness.home import WitnessHome, clock, read_logs
    from ledger.witness import Witness

    with _foreseen():
        opened = WitnessHome.open(home)
        app = create_witness_app(Witness(opened.signers, read_logs(log), opened.state, clock))
    log_to_stderr()
    name = opened.signers[0].key.name
    try:
        listen(app, host, port, lambda url: err.print(f"record-ledger witness {name} serves at {url}", soft_wrap=True))
    except ListeningFailed as error:
        raise Failure(f"witness serve: {error}.", ExitCode.UNREACHABLE) from error


@witness.command()
def evidence(
    home: Home,
    to: Annotated[Path | None, typer.Option("--to", help="A new directory to write the notes to.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what a log signed and this witness refused. Ends with 1 if a log has signed two histories.

    Two notes of one size with two roots prove that to anybody who has the log's verifier keys.
    """
    from api.witness.home import WitnessHome

    with _foreseen():
        found = WitnessHome.open(home).state.evidence()
        if to is not None:
            _write_notes(found, to)
    rows = [_row(one) for one in found]
    if as_json:
        print_json([dict(zip(("origin", "size", "root", "why", "at"), row, strict=True)) for row in rows])
    elif rows:
        print_table(["Log", "Size", "Root", "Refused for", "At"], rows)
    else:
        out.print("Nothing was refused that a log had signed.")
    if any(one.why == "other root" for one in found):
        raise typer.Exit(ExitCode.REFUSED)


def _row(one: "Evidence") -> list[str]:
    from ledger.core.instants import SECOND, Instant, format_instant

    seen = one.checkpoint
    return [seen.origin, str(seen.size), seen.root.hex(), one.why, format_instant(Instant(one.at * SECOND))]


def _write_notes(found: "list[Evidence]", folder: Path) -> None:
    folder.mkdir(parents=True)
    for one in found:
        (folder / f"{one.checkpoint.size}-{one.checkpoint.root.hex()}.note").write_bytes(one.note)


@contextmanager
def _foreseen() -> Iterator[None]:
    """Tell what a witness's home can lack in one sentence."""
    from api.witness.home import WitnessHomeError
    from ledger.witness import WitnessError

    try:
        yield
    except (WitnessHomeError, WitnessError, OSError) as error:
        raise Failure(f"{error}.", ExitCode.UNREACHABLE) from error
