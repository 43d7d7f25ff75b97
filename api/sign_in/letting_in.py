"""What follows when somebody has come in by an invitation, and when somebody leaves: in the log, and at every door."""

from contextlib import suppress
from typing import Final

from api.sign_in.doors import Doors
from api.sign_in.invitations import Opened
from api.sign_in.passkeys import KeptPasskey
from api.sign_in.place import Place
from api.sign_in.session import SignInRefused
from ledger.core.key_history import KeyNotInForce
from ledger.core.people import NEEDS_APPROVAL, PersonFacts
from ledger.domain.errors import NotAllowed, Unknown
from ledger.ledger import Ledger
from ledger.saying import By

STAFF: Final = ("administrator", "registrar")
"""Who brings people in, and back."""


async def first_way_in(ledger: Ledger, doors: Doors, place: Place) -> str | None:
    """A link by which the first founding administrator makes their first way in; None if they ever made one.

    It takes no code and is good for an hour, once; the one that was given before is good no more.
    """
    founder = ledger.people.founders[0]
    if await doors.invitations.has_had_a_way_in(founder):
        return None
    return (await doors.invitations.invite(founder, why="founding", by=None, coded=False)).link(place.origin)


async def check_somebody(ledger: Ledger, person: str) -> None:
    """Raise Unknown unless a person is registered by this id; the ledger's own is nobody."""
    if (await _facts(ledger, person)).registered is None or person == ledger.keyring.service:
        raise Unknown(f"person {person}: nobody is registered by this id; check it, or register them first")


async def check_can_be_invited(ledger: Ledger, person: str, *, by: str) -> None:
    """Raise Unknown where there is nobody to invite, and NotAllowed where it takes an administrator.

    Whoever invites could come in themselves: so a registrar, whom one administrator appoints, invites nobody whose role
    took two of them. ``by`` is what the inviter acts as.
    """
    await check_somebody(ledger, person)
    if by != "administrator" and not NEEDS_APPROVAL.isdisjoint((await _facts(ledger, person)).roles):
        raise NotAllowed("person: got somebody with a role that took two administrators; ask one", "role-missing")


async def check_still_invited(ledger: Ledger, opened: Opened) -> None:
    """Raise SignInRefused for somebody with a role, where who invited them, or let them back in, may not do so now.

    They know link and code: nobody comes in by those as what they may not bring anybody in as.
    """
    roles = (await _facts(ledger, opened.person)).roles
    if opened.by in (None, opened.person) or not roles:  # by the keeper of the machine, or by a code of one's own
        return
    wanted = STAFF if NEEDS_APPROVAL.isdisjoint(roles) else ("administrator",)
    inviter = await _facts(ledger, str(opened.by))
    if all(inviter.role(role, ledger.clock()) is None for role in wanted):
        raise SignInRefused(
            "invalid_grant",
            f"invitation: got one of somebody who may not invite you now, wanted one of {' or '.join(wanted)}; ask for"
            " a new link",
        )


async def settle(ledger: Ledger, doors: Doors, opened: Opened, made: KeptPasskey | None, place: Place) -> None:
    """Do what the invitation was for, now that a way in is made (a passkey, or else an identity).

    Founding: the passkey is enrolled in the name of the second founder, who is the ledger's first registrar. That is
    admitted only while they have no key of their own; else it waits for a registrar, as every other does.
    Recovery: every passkey, session and recovery code that there was before is ended.
    """
    if made is not None and opened.why == "founding" and opened.person != ledger.people.founders[1]:
        registrar = By(ledger.people.founders[1], "registrar")
        with suppress(NotAllowed):
            await ledger.people.enrol_passkey(registrar, opened.person, made.passkey(place.rp))
    if opened.why == "recovery":
        await _end_before(ledger, doors, opened.person, made)
    await doors.invitations.settled(opened.id)


async def settle_what_is_left(ledger: Ledger, doors: Doors) -> None:
    """Finish recoveries between whose new passkey and whose end a crash came: what was lost must not stay open."""
    for opened, used_at in await doors.invitations.unsettled():
        made = [one for one in await doors.passkeys.of(opened.person) if one.made_at >= used_at]
        linked = [one for one in await doors.identities.of(opened.person) if one.linked_at >= used_at]
        if opened.why == "recovery" and (made or linked):
            await _end_before(ledger, doors, opened.person, made[-1] if made else None)
        await doors.invitations.settled(opened.id)


async def end_ways_in(doors: Doors, person: str) -> None:
    """End every way in of somebody, whatever the log says; again changes nothing.

    The sessions are ended last as well as first: one may have begun in between.
    """
    await doors.sessions.end_all(person)
    for kept in await doors.passkeys.of(person):
        await doors.passkeys.end(kept.credential)
    await doors.identities.end(person)
    await doors.invitations.end(person)
    await doors.recovery.use_up(person)
    await doors.sessions.end_all(person)


async def _end_before(ledger: Ledger, doors: Doors, person: str, made: KeptPasskey | None) -> None:
    """End what somebody had before they were let in again, in their own name: they are the one who is here now.

    At the doors first. Who has revoked the key that the service holds for them cannot be spoken for: in the log an
    administrator then revokes what was lost.
    """
    for kept in await doors.passkeys.of(person):
        if made is None or kept.credential != made.credential:
            await doors.passkeys.end(kept.credential)
    if made is not None:  # else the identity is what they came in by, and linking it has ended the others
        await doors.identities.end(person)
    await doors.recovery.use_up(person)
    await doors.sessions.end_all(person)
    keys = (await ledger.facts.person(person, fresh=True)).fold.keys
    for enrolled in [one for one in keys.passkeys.values() if one.revoked_at is None]:
        if made is None or enrolled.said.passkey.credential != made.id:
            with suppress(KeyNotInForce):
                # About their own keys everybody speaks as a patient does, whether or not they have a record.
                await ledger.people.revoke_passkey(By(person, "patient"), person, enrolled.said, "lost")


async def _facts(ledger: Ledger, person: str) -> PersonFacts:
    return (await ledger.facts.person(person, fresh=True)).fold.facts
