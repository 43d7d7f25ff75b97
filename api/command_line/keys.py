"""``keys``: keys that only their owners can use, for programs that sign in and sign; here, on the ledger's machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.command_line import keys_remote
from api.command_line.terminal import (
    AsJson,
    ExitCode,
    Failure,
    Group,
    out,
    print_json,
    print_table,
    with_ledger,
)

if TYPE_CHECKING:
    from ledger.core.key_history import Enrolment
    from ledger.ledger import Ledger

REASONS = "lost, stolen, left or replaced"
_SIGNED = (
    "key: got an enrolment that nobody signed, wanted one signed by the registrar, who has a key now. "
    "See record-ledger keys enrol, with the registrar's key file and --for."
)
Person = Annotated[str, typer.Argument(help="The person's id.")]

keys = typer.Typer(
    cls=Group, no_args_is_help=True, help="Make, enrol, list and revoke keys; get a token, or sign, with one."
)


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    keys_remote.add_to(keys)
    app.add_typer(keys, name="keys")


@keys.command(
    epilog="Said in the name of the second founding administrator, who is the ledger's first registrar: for as long as "
    "they have no key of their own. After that, keys enrol signs with it."
)
def make(
    person: Person,
    to: Annotated[Path, typer.Option("--to", help="The file to write the private key to; it must not be there yet.")],
    as_json: AsJson = False,
) -> None:
    """Make an Ed25519 key for a person and enrol it; from then on it speaks for them."""

    async def work(ledger: "Ledger") -> dict[str, Any]:
        from api.sign_in.key_file import KeyFile
        from ledger.domain.errors import NotAllowed
        from ledger.saying import By

        made = KeyFile.fresh(person, ledger.keyring.origin)
        # Written before it is enrolled: a crash between the two leaves a file of no use, never a lost key in force.
        made.write(to)
        try:
            await ledger.people.enrol_key(By(ledger.people.founders[1], "registrar"), person, made.key.public)
        except Exception as error:
            to.unlink()
            if isinstance(error, NotAllowed) and error.rule == "not-signed":
                raise Failure(_SIGNED) from error
            raise
        return {"person": person, "kid": made.key.kid, "file": str(to)}

    enrolled = with_ledger(work)
    if as_json:
        print_json(enrolled)
    else:
        out.print(f"key   {enrolled['kid']}\nfile  {to}", markup=False)


@keys.command("list")
def list_(person: Person, as_json: AsJson = False) -> None:
    """List a person's keys: who holds each, and whether it is in force."""

    async def work(ledger: "Ledger") -> list[dict[str, Any]]:
        return [_told(enrolment) for enrolment in await _enrolments(ledger, person)]

    listed = with_ledger(work)
    if as_json:
        print_json(listed)
        return
    state = {True: "in force", False: "revoked"}
    rows = [[key["kid"], key["custody"], state[key["revoked_at"] is None], key["not_after"] or ""] for key in listed]
    print_table(["Key", "Held by", "State", "Not after"], rows)


# A key's id is base64url: one in 64 begins with a hyphen, and must not be taken for an option.
@keys.command(
    epilog="Said in the name of the first founding administrator.",
    context_settings={"ignore_unknown_options": True},
)
def revoke(
    person: Person,
    kid: Annotated[str, typer.Argument(help="The key's id, as in keys list.")],
    reason: Annotated[str, typer.Option(help=f"Why: {REASONS}.")] = "replaced",
    as_json: AsJson = False,
) -> None:
    """Revoke a key: from now on nothing said with it is admitted. What was said with it stands."""

    async def work(ledger: "Ledger") -> dict[str, Any]:
        from ledger.saying import By

        found = next((one for one in await _enrolments(ledger, person) if one.said.key.kid == kid), None)
        if found is None:
            raise Failure(f"key: got {kid}, wanted a key of {person}. See record-ledger keys list {person}.")
        by = By(ledger.people.founders[0], "administrator")
        answer = await ledger.people.revoke_key(by, person, found.said, reason)
        return {"person": person, "kid": kid, "revoked_at": answer.position}

    revoked = with_ledger(work)
    if as_json:
        print_json(revoked)
    else:
        out.print(f"Revoked at position {revoked['revoked_at']}.")


async def _enrolments(ledger: "Ledger", person: str) -> "list[Enrolment]":
    from ledger.core.errors import CoreError
    from ledger.core.shapes import uuid

    try:
        uuid("person", person)
    except CoreError as error:
        raise Failure(str(error), ExitCode.USAGE) from error
    known = (await ledger.facts.person(person, fresh=True)).fold
    if known.facts.registered is None:
        raise Failure(f"person: got {person}, wanted somebody who is registered. See record-ledger people list.")
    return list(known.keys.by_person.values())


def _told(enrolment: "Enrolment") -> dict[str, Any]:
    said = enrolment.said
    return {
        "kid": said.key.kid,
        "custody": said.custody,
        "enrolled_at": enrolment.enrolled_at,
        "revoked_at": enrolment.revoked_at,
        "not_after": said.not_after,
    }
