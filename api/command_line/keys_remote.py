"""``keys token``, ``enrol`` and ``sign``: what the owner of a key file does wherever the ledger is served."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.command_line.terminal import AsJson, ExitCode, Failure, out, print_json

if TYPE_CHECKING:
    from api.ledger_client import LedgerClient
    from api.sign_in.key_file import KeyFile
    from api.sign_in.signing import ToSay
    from ledger.core.keys import PublicKey

KeyPath = Annotated[Path, typer.Argument(help="The key file.")]
ActingAs = Annotated[str, typer.Option(help="What the person acts as: patient, clinician, carer …")]
Url = Annotated[str, typer.Option(help="Where the ledger is served.")]
HERE = "http://127.0.0.1:8420"
_MEMBERS = {"type", "facts", "words", "id"}


def add_to(keys: typer.Typer) -> None:
    """Add these commands to those of ``keys``."""
    keys.command()(token)
    keys.command()(enrol)
    keys.command()(sign)


def token(
    file: KeyPath,
    acting_as: ActingAs,
    read: Annotated[bool, typer.Option("--read", help="A token that may only read.")] = False,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Get a bearer token, good for ten minutes, from a ledger that is served; for curl and the like."""
    with _client(file, url) as client:
        answer = client.token(acting_as, reads_only=read)
    if as_json:
        print_json(answer)
    else:
        typer.echo(answer["access_token"])


def enrol(
    file: KeyPath,
    *,
    acting_as: ActingAs,
    to: Annotated[
        Path | None, typer.Option("--to", help="Make a key, and write it to this file, which must not be there yet.")
    ] = None,
    public: Annotated[
        Path | None, typer.Option(help="Make no key: a file with the public key, as a JWK, that its owner has made.")
    ] = None,
    person: Annotated[
        str | None, typer.Option("--for", help="Whose key it is; a registrar enrols others'.", show_default="one's own")
    ] = None,
    not_after: Annotated[
        str | None, typer.Option(help="When it ends by itself, as in 2027-05-03T09:00:00.000Z.", show_default="never")
    ] = None,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Enrol a further key with a statement that an existing one signs: of one's own, or of somebody else's.

    The statement is signed here, so the ledger itself could not have made it.
    """
    if to is not None and public is not None:
        raise Failure("keys enrol: got --to and --public, wanted one of them. Leave one out.", ExitCode.USAGE)
    with _client(file, url) as client:
        owner = person or client.key.person
        key = _public_key(public) if to is None else _new_key(client.key, owner, to)
        answer = _enrolled(client, to, _enrolment(owner, key, acting_as, not_after))
    kid = answer["ids"]["kid"]
    if as_json:
        print_json({"person": owner, "kid": kid, "file": None if to is None else str(to), "answer": answer})
    else:
        out.print(f"key   {kid}" + ("" if to is None else f"\nfile  {to}"), markup=False)


def sign(
    file: KeyPath,
    statement: Annotated[Path, typer.Argument(help="A JSON file with type, facts, words and, if you like, id.")],
    *,
    acting_as: ActingAs,
    to: Annotated[Path | None, typer.Option("--to", help="The file to write the receipt to.")] = None,
    url: Url = HERE,
    as_json: AsJson = False,
) -> None:
    """Sign a statement with a key of one's own and have it admitted; prints its receipt.

    record-ledger verify receipt checks the receipt anywhere. With an id of your own, a UUIDv7, a second try does not
    say it twice. With --json the receipt stands in the ledger's whole answer.
    """
    if to is not None and to.exists():
        raise Failure(f"{to}: got a file that is there already, wanted a new name. Choose another.", ExitCode.USAGE)
    said = _to_say(statement, acting_as)
    with _client(file, url) as client:
        answer = client.say(said)
    if to is not None:
        to.write_text(json.dumps(answer["receipt"], ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if as_json:
        print_json(answer)
    elif to is None:
        print_json(answer["receipt"])
    else:
        out.print(f"{to}: the receipt of the entry at position {answer['position']:,}.", markup=False)


@contextmanager
def _client(file: Path, url: str) -> "Iterator[LedgerClient]":
    """The ledger at a URL, asked with a key file; what it refuses is told in a sentence."""
    from api.clock import clock
    from api.ledger_client import LedgerClient, LedgerRefuses, LedgerUnreachable
    from api.sign_in.key_file import KeyFile

    key = KeyFile.read(file)
    try:
        yield LedgerClient(url, key, clock)
    except LedgerUnreachable as error:
        raise Failure(str(error), ExitCode.UNREACHABLE) from error
    except LedgerRefuses as error:
        raise Failure(str(error)) from error


def _enrolment(owner: str, key: "PublicKey", acting_as: str, not_after: str | None) -> "ToSay":
    from api.sign_in.signing import ToSay
    from ledger.core.instants import parse_instant
    from ledger.core.keys import KeyStatement

    if not_after is not None:
        parse_instant(not_after)
    public = KeyStatement(key, "author", not_after, {"person": owner, "by": acting_as})
    return ToSay(acting_as, "key-enrolled/1", {"person": owner, "kid": key.kid}, public=public)


def _enrolled(client: "LedgerClient", made: Path | None, said: "ToSay") -> dict[str, Any]:
    """Have a key enrolled; its file goes again where the ledger refuses, and stays where nobody knows."""
    from api.ledger_client import LedgerUnreachable

    try:
        return client.say(said)
    except LedgerUnreachable:
        raise
    except Exception:
        if made is not None:
            made.unlink()
        raise


def _new_key(signing: "KeyFile", owner: str, to: Path) -> "PublicKey":
    """A key in a new file; there before it is enrolled: a crash leaves a file of no use, never a lost key in force."""
    from api.sign_in.key_file import KeyFile

    made = KeyFile.fresh(owner, signing.ledger)
    made.write(to)
    return made.key.public


def _public_key(file: Path | None) -> "PublicKey":
    from ledger.core.keys import PublicKey

    if file is None:
        raise Failure("keys enrol: got neither --to nor --public. Name the file of the new key.", ExitCode.USAGE)
    return PublicKey.from_jwk(_json(file))


def _to_say(file: Path, acting_as: str) -> "ToSay":
    from api.sign_in.signing import ToSay
    from ledger.core.vocabulary import STATEMENT_TYPES

    found = _json(file)
    if not isinstance(found, dict) or not {"type", "facts"} <= found.keys() <= _MEMBERS:
        raise Failure(f"{file}: wanted an object with type, facts, words and, if you like, id.", ExitCode.USAGE)
    shape = STATEMENT_TYPES.get(found["type"]) if isinstance(found["type"], str) else None
    if shape is not None and shape.public is not None:
        raise Failure(
            f"{file}: got {found['type']}, wanted one that says nothing in clear. See record-ledger keys enrol."
        )
    return ToSay(acting_as, found["type"], found["facts"], found.get("words"), statement_id=found.get("id"))


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Failure(f"{file}: cannot be read ({error}). Name a JSON file.", ExitCode.USAGE) from error
