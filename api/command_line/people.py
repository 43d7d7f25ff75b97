"""``people``: who there is. Whoever can run these commands holds the ledger's keys, so they speak as its founders."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.command_line.terminal import (
    AsJson,
    Group,
    out,
    print_json,
    print_table,
    the_house,
    the_ledger,
    with_ledger,
)

if TYPE_CHECKING:
    from api.sign_in.invitations import Invitations, Invited
    from api.wiring import House
    from ledger.ledger import Ledger

BY_FOUNDERS = "Said in the name of the ledger's founding administrators, and recorded as such."

people = typer.Typer(cls=Group, no_args_is_help=True, help="Register people, say what they are, list them.")


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(people, name="people")


@people.command(epilog=BY_FOUNDERS)
def add(
    name: Annotated[str, typer.Argument(help="The person's name; it is sealed, as every word is.")],
    role: Annotated[
        list[str] | None, typer.Option(help="A role: clinician, auditor, guardian, administrator or registrar.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Open a record of which this person is the patient.")
    ] = False,
    ask_nhs_number: Annotated[
        bool, typer.Option("--nhs-number", help="Ask for the patient's NHS number; it is sealed, as the name is.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Register a person, and print their id."""
    # Asked for, never given as an argument: those stand in the shell's history and the list of processes.
    typed = typer.prompt("NHS number", hide_input=True, err=True) if ask_nhs_number else None

    async def work(ledger: "Ledger") -> dict[str, Any]:
        from ledger.core.identifiers import nhs_number_of
        from ledger.saying import By

        founder = By(ledger.people.founders[0], "administrator")
        identifiers = [] if typed is None else [nhs_number_of(typed)]
        registered = await ledger.people.register(founder, name, identifiers=identifiers)
        person = registered.facts["person"]
        for one in role or []:
            await _grant(ledger, person, one)
        opened = (await ledger.care.open_record(founder, person)).facts["record"] if record else None
        said = {"author": founder.person, "statement_id": registered.statement_id, "position": registered.position}
        return {"person": person, "roles": role or [], "record": opened, "said": said}

    _print_person(with_ledger(work), as_json=as_json)


@people.command(epilog=BY_FOUNDERS)
def grant(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    role: Annotated[str, typer.Argument(help="clinician, auditor, guardian, administrator or registrar.")],
    as_json: AsJson = False,
) -> None:
    """Grant a role; where the rule of two asks for it, the second founder approves."""

    async def work(ledger: "Ledger") -> dict[str, Any]:
        await _grant(ledger, person, role)
        return {"person": person, "roles": [role], "record": None, "said": None}

    _print_person(with_ledger(work), as_json=as_json)


@people.command(epilog=BY_FOUNDERS)
def care(
    person: Annotated[str, typer.Argument(help="The clinician's id.")],
    record: Annotated[str, typer.Argument(help="The record's id.")],
    ground: Annotated[str, typer.Option(help="registration, referral, appointment or admission.")] = "referral",
    as_json: AsJson = False,
) -> None:
    """Put a clinician in care of a record, so that they may open it."""

    async def work(ledger: "Ledger") -> str:
        from ledger.saying import By

        founder = By(ledger.people.founders[0], "administrator")
        return str((await ledger.care.start(founder, record, ground=ground, person=person)).facts["care"])

    started = with_ledger(work)
    if as_json:
        print_json({"care": started, "person": person, "record": record})
    else:
        out.print(f"care  {started}", markup=False)


@people.command(epilog=BY_FOUNDERS)
def invite(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    as_json: AsJson = False,
) -> None:
    """Print a link to hand over and a code to tell in person, by which somebody makes their first passkey.

    Both are good for seven days, once; inviting again ends them. Who ever had a way in is let back in by recover.
    """
    _print_invited(_with_invitations(lambda ledger, invitations: _invite(ledger, invitations, person)), as_json=as_json)


@people.command(epilog=BY_FOUNDERS)
def recover(
    person: Annotated[str, typer.Argument(help="The person's id.")],
    as_json: AsJson = False,
) -> None:
    """Let somebody back in who lost every passkey: one founder asks, the other approves, and both are on record.

    Prints a link to hand over and a code to tell in person. What they had ends when they make a new passkey.
    """
    _print_invited(
        _with_invitations(lambda ledger, invitations: _recover(ledger, invitations, person)), as_json=as_json
    )


@people.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the people that are registered: ids and roles. Names are sealed; only a recorded look opens them."""
    listed = with_ledger(_everybody)
    if as_json:
        print_json(listed)
    else:
        print_table(["Person", "Roles", "Keys"], [[who["person"], *_columns(who)] for who in listed])


async def _grant(ledger: "Ledger", person: str, role: str) -> None:
    from ledger.core.people import NEEDS_APPROVAL
    from ledger.saying import By

    first, second = ledger.people.founders
    await ledger.people.grant(By(first, "administrator"), person, role)
    if role in NEEDS_APPROVAL:
        await ledger.people.approve(By(second, "administrator"), person, role)


async def _invite(ledger: "Ledger", invitations: "Invitations", person: str) -> "Invited":
    from api.sign_in.letting_in import check_can_be_invited

    await check_can_be_invited(ledger, person, by="administrator")
    return await invitations.invite(person, why="invited", by=None)


async def _recover(ledger: "Ledger", invitations: "Invitations", person: str) -> "Invited":
    from ledger.saying import By

    asking, approving = (By(founder, "administrator") for founder in ledger.people.founders)
    recovery = str((await ledger.people.ask_recovery(asking, person)).facts["recovery"])
    approved = await ledger.people.approve_recovery(approving, person, recovery)
    return await invitations.invite_again(recovery, person, by=approving.person, since=approved.recorded_at)


def _with_invitations(work: "Callable[[Ledger, Invitations], Awaitable[Invited]]") -> dict[str, Any]:
    """Invite somebody, and tell what to hand over: the link is that of the place that the settings name."""

    async def within(house: "House") -> dict[str, Any]:
        from api.sign_in.doors import doors_of
        from ledger.core.instants import format_instant

        async with the_ledger(house) as ledger, doors_of(house, ledger) as doors:
            invited = await work(ledger, doors.invitations)
        link = invited.link(house.settings.url or f"http://localhost:{house.settings.port}")
        return {"link": link, "code": invited.code, "ends_at": format_instant(invited.ends)}

    with the_house() as house:
        return asyncio.run(within(house))


def _print_invited(invited: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(invited)
        return
    out.print(f"link  {invited['link']}", markup=False)
    out.print(f"code  {invited['code']}", markup=False)
    out.print(f"until {invited['ends_at']}; hand over the link, and tell the code in person", markup=False)


async def _everybody(ledger: "Ledger") -> list[dict[str, Any]]:
    from ledger.store.mapper import SealingMapper

    mapper = SealingMapper(ledger.keyring)
    listed, place = [], 0
    while kept := await ledger.rows.read_log(place, 1000, types=["person-registered/1"]):
        listed += [await _person(ledger, mapper.open_facts(row).facts["person"]) for row in kept]
        place = kept[-1].position + 1
    return listed


async def _person(ledger: "Ledger", person: str) -> dict[str, Any]:
    known = (await ledger.facts.person(person)).fold
    now = ledger.clock()
    keys = [held for held in known.keys.by_person.values() if held.revoked_at is None]
    return {
        "person": person,
        "roles": [role for role in known.facts.roles if known.facts.role(role, now) is not None],
        "keys": [{"kid": held.said.key.kid, "custody": held.said.custody} for held in keys],
    }


def _columns(who: dict[str, Any]) -> list[str]:
    custody = [key["custody"] for key in who["keys"]]
    counted = [f"{custody.count(one)} of the {one}" for one in ("author", "service") if one in custody]
    return [", ".join(who["roles"]), ", ".join(counted)]


def _print_person(person: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(person)
        return
    out.print(f"person  {person['person']}", markup=False)
    if person["roles"]:
        out.print(f"roles   {', '.join(person['roles'])}", markup=False)
    if person["record"]:
        out.print(f"record  {person['record']}", markup=False)
    if person["said"]:
        said = person["said"]
        out.print(f"receipt record-ledger receipt {said['author']} {said['statement_id']}", markup=False)
