"""``log-keys``: the pairs of keys that the log signs its checkpoints with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.command_line.terminal import AsJson, ExitCode, Failure, Group, out, print_json, print_table, the_house

if TYPE_CHECKING:
    from ledger.core.log_keys import LogPair

log_keys = typer.Typer(
    cls=Group, no_args_is_help=True, help="List, rotate and retire the keys that the log signs with."
)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(log_keys, name="log-keys")


@log_keys.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the log's pairs of keys, the oldest first: their ids on a checkpoint, and which sign."""
    from api.log_key_files import load_log_keys

    with _key_files() as (folder, origin):
        verifier = load_log_keys(folder, origin).verifier
    listed = [_told(number, pair) for number, pair in enumerate(verifier.pairs, 1)]
    if as_json:
        print_json({"origin": origin, "pairs": listed, "verifier": str(verifier)})
        return
    rows = [[str(pair["pair"]), pair["ed25519"], pair["ml_dsa_44"], _state(pair["until"])] for pair in listed]
    print_table(["Pair", "Ed25519", "ML-DSA-44", "State"], rows)


@log_keys.command(epilog="Next: restart every process of the service, hand out the new verifier keys, then retire.")
def rotate(as_json: AsJson = False) -> None:
    """Add a fresh pair of keys: from the service's next start on, both pairs sign every checkpoint.

    Whoever holds the old verifier keys can check the log as before, and so can whoever is given the new ones.
    """
    from api.log_key_files import VERIFIER
    from api.log_key_files import rotate as add_pair

    with _key_files() as (folder, origin):
        verifier = add_pair(folder, origin).verifier
    older, number = (n for n, pair in enumerate(verifier.pairs, 1) if pair.until is None)
    if as_json:
        print_json(_told(number, verifier.pairs[-1]) | {"verifier": str(verifier)})
        return
    out.print(
        f"Pair {number} is made. Restart every process of the service: it signs with both pairs from then on.\n"
        f"Give {folder / VERIFIER} to everybody who checks this log; then record-ledger log-keys retire {older}.",
        markup=False,
    )


@log_keys.command()
def retire(
    pair: Annotated[int, typer.Argument(min=1, help="The pair's number, as in log-keys list.")], as_json: AsJson = False
) -> None:
    """Retire a pair of keys at the newest checkpoint, and delete its private keys for good.

    Refused unless another pair has signed that checkpoint too. What the pair has signed up to that size still checks;
    beyond it nothing does.
    """
    from api.log_key_files import read_verifier
    from api.log_key_files import retire as retire_pair

    newest = _newest_checkpoint()
    with _key_files() as (folder, origin):
        retired = retire_pair(folder, origin, pair, newest)
        verifier = read_verifier(folder, origin)
    if as_json:
        print_json(_told(pair, retired) | {"verifier": str(verifier)})
    else:
        out.print(f"Pair {pair} is retired: believed until size {retired.until}. Restart every process of the service.")


def _told(number: int, pair: "LogPair") -> dict[str, Any]:
    ed25519, ml_dsa_44 = (key.key_id.hex() for key in pair.keys)
    return {"pair": number, "ed25519": ed25519, "ml_dsa_44": ml_dsa_44, "until": pair.until}


def _state(until: int | None) -> str:
    return "signs" if until is None else f"retired, believed until size {until}"


@contextmanager
def _key_files() -> "Iterator[tuple[Path, str]]":
    """The folder of the keys and the log's name; what the rotation refuses is told in its sentence."""
    from api.log_key_files import LogKeysRefused
    from api.settings import read_settings

    settings = read_settings()
    try:
        yield settings.home / "keys", settings.origin
    except LogKeysRefused as error:
        raise Failure(str(error)) from error
    except OSError as error:
        raise Failure(
            f"the log's keys: {error}; make the folder writable for this command", ExitCode.UNREACHABLE
        ) from error


def _newest_checkpoint() -> bytes:
    """The newest checkpoint's note, as the database has it."""
    import psycopg

    query = "select note from ledger.checkpoint order by size desc limit 1"
    with the_house() as house, psycopg.connect(house.conninfo) as connection:
        row = connection.execute(query).fetchone()
    if row is None:
        raise Failure("retire: the log has no checkpoint yet; let the service admit something, and try again.")
    return bytes(row[0])
