"""One's own passkeys over HTTP, and enrolling other people's.

A passkey signs its owner in as soon as it is made. It speaks for them once a registrar, who has compared the digits of
its fingerprint with them, has said so in the log; or they themselves, by a statement that a key of theirs signs.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.http.answers import answered, json_answer, told_of
from api.http.bodies import UUID_PATTERN, Body, InPath, OnlyBody, Text, names, reads, shown_as
from api.http.cookies import clear_session
from api.http.entering import check_may_add_a_way_in
from api.http.operations import EXAMPLE_ANSWER, does, shows, writes
from api.http.people import KeyInPath, Revocation
from api.http.service import Call, Calling, check_still_signed_in
from api.http.signing_in import CREDENTIAL_ID, KID, OPTIONS, Credential, session_id_of
from api.sign_in.passkeys import KeptPasskey, fingerprint_of
from api.sign_in.place import place_of
from ledger.core.canonical import unbase64url
from ledger.core.errors import MalformedStatement
from ledger.core.instants import Instant, format_instant
from ledger.core.key_history import KeyHistory, PasskeyEnrolment
from ledger.core.passkeys import PasskeyStatement
from ledger.core.terms import KEY_ENDS
from ledger.domain.errors import NotAllowed, NotPossible, Unknown
from ledger.use_cases.directory import MOST

router: Final = APIRouter(tags=["passkeys"])
CredentialInPath = Annotated[
    str, Path(pattern="^[A-Za-z0-9_-]{2,1364}$", description="The id of a passkey's credential, in base64url.")
]
OfPerson = Annotated[str | None, Query(pattern=UUID_PATTERN, description="Of this person only.")]
_PERSON: Final = "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10"
_NOW: Final = "2026-05-03T09:00:00.000Z"
_FINGERPRINT: Final = "2690 9130 9382 2917 2824 7078"
_PASSKEY: Final = {
    "credential": CREDENTIAL_ID,
    "kid": KID,
    "name": "My phone",
    "made_at": _NOW,
    "used_at": _NOW,
    "backed_up": True,
    "enrolled": False,
    "fingerprint": _FINGERPRINT,
    "this_one": True,
}
_ONLY_IN_LOG: Final = {
    "credential": "EBESExQVFhcYGRobHB0eHw",
    "kid": KID,
    "enrolled": False,
    "fingerprint": _FINGERPRINT,
}
_WAITING: Final = {
    "person": _PERSON,
    "name": "Amina Hassan",
    "kid": KID,
    "made_at": _NOW,
    "fingerprint": _FINGERPRINT,
    "jwk": {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    "credential": CREDENTIAL_ID,
    "rp": "ledger.example",
}
_TO_MAKE: Final = {
    **{name: OPTIONS[name] for name in ("challenge", "timeout")},
    "rp": {"id": "ledger.example", "name": "Record ledger"},
    "user": {"id": "Pw9aU3prTw-gxGuLens_EA", "name": "Account 3f10", "displayName": "Account 3f10"},
    "pubKeyCredParams": [{"type": "public-key", "alg": -8}, {"type": "public-key", "alg": -7}],
    "excludeCredentials": [{"type": "public-key", "id": CREDENTIAL_ID, "transports": ["internal"]}],
    "authenticatorSelection": {"residentKey": "required", "requireResidentKey": True, "userVerification": "required"},
    "attestation": "none",
}
_MADE: Final = {
    "id": CREDENTIAL_ID,
    "type": "public-key",
    "response": {
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0",
        "attestationObject": "o2NmbXRkbm9uZQ",
        "transports": ["internal"],
    },
}


class NewPasskey(Body):
    """The passkey that an authenticator made (RegistrationResponseJSON), and what its owner calls it."""

    model_config = shown_as(credential=_MADE, name="My phone")
    credential: Credential
    name: Text


class Name(Body):
    """What its owner calls a passkey from now on."""

    model_config = shown_as(name="My old phone")
    name: Text


class Ending(Body):
    """Why a passkey ends. ``even_the_last``: its owner knows that they can get in by nothing else."""

    model_config = shown_as(reason="lost", even_the_last=False)
    reason: Annotated[str, names(*KEY_ENDS)]
    even_the_last: bool = False


@shows(router, "/passkeys", "passkeys.list", {"passkeys": [_PASSKEY], "only_in_log": [_ONLY_IN_LOG]})
async def listed(call: Calling) -> Response:
    """One's own passkeys, oldest first; whether each is enrolled, and the digits by which a registrar knows it.

    ``only_in_log`` are those that the log names as one's own and that sign nobody in here: revoked ones, and any that a
    registrar enrolled without there being one. Whoever finds one enrolled that they do not know ends it, and says so.
    """
    keys = await _keys(call, call.session.person)
    found = await call.service.doors.passkeys.of(call.session.person)
    here = {kept.id for kept in found}
    others = [_of_log(one) for (_, credential), one in keys.passkeys.items() if credential not in here]
    return json_answer({"passkeys": [_told(kept, keys, call) for kept in found], "only_in_log": others})


@does(router, "/passkeys/options", "passkeys.options", _TO_MAKE)
async def options(request: Request, call: Calling, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """What a browser needs to make a further passkey; good for five minutes, and once."""
    await check_may_add_a_way_in(call)
    doors, place = call.service.doors, place_of(request, call.service.doors.settings)
    return json_answer(await doors.passkeys.options_to_make(call.session.person, "", place, session_id_of(call)))


@does(router, "/passkeys", "passkeys.make", _PASSKEY, status=201)
async def make(request: Request, call: Calling, body: Annotated[NewPasskey, reads(NewPasskey)]) -> Response:
    """Keep a further passkey: it signs in from now on, and speaks for its owner once it is enrolled."""
    await check_may_add_a_way_in(call)
    person, whom = call.session.person, session_id_of(call)
    place = place_of(request, call.service.doors.settings)
    kept = await call.service.doors.passkeys.make(person, body.credential, place, body.name, whom)
    return json_answer(_told(kept, await _keys(call, person), call), 201)


@does(router, "/passkeys/{credential}/name", "passkeys.rename", {"credential": CREDENTIAL_ID, "name": "My old phone"})
async def rename(call: Calling, credential: CredentialInPath, body: Annotated[Name, reads(Name)]) -> Response:
    """Call a passkey of one's own something else."""
    kept = await _kept(call, credential)
    if kept is None:
        raise _unknown()
    await call.service.doors.passkeys.rename(kept.credential, body.name)
    return json_answer({"credential": credential, "name": body.name})


@does(
    router,
    "/passkeys/{credential}/end",
    "passkeys.end",
    {"credential": CREDENTIAL_ID, "sessions": 1, "revoked": EXAMPLE_ANSWER},
)
async def end(call: Calling, credential: CredentialInPath, body: Annotated[Ending, reads(Ending)]) -> Response:
    """End a passkey of one's own, and every session that it began; one that is enrolled is revoked in the log."""
    if body.reason not in KEY_ENDS:  # of one that is not enrolled, no statement is made that would be refused for it
        raise MalformedStatement("reason", got=body.reason, wanted=f"one of {', '.join(KEY_ENDS)}")
    kept, enrolled = await _kept(call, credential), await _enrolled(call, credential)
    if kept is None and enrolled is None:
        raise _unknown()
    if kept is not None and not body.even_the_last:
        await _check_another_way_in(call, kept)
    # The statement comes first: where it is refused, or lost in a crash, the passkey is still there to be ended.
    revoked = None
    if enrolled is not None:
        revoked = await call.ledger.people.revoke_passkey(call.by(body), call.session.person, enrolled, body.reason)
    told = None if revoked is None else told_of(revoked)
    ended = await _end(call, call.session.person, credential)
    response = json_answer({"credential": credential, "sessions": ended, "revoked": told})
    if kept is not None and call.session.credential == kept.credential:
        clear_session(response)
    return response


@shows(router, "/passkeys/waiting", "passkeys.waiting", {"passkeys": [_WAITING]})
async def waiting(request: Request, call: Calling, person: OfPerson = None) -> Response:
    """The newest passkeys that wait to be enrolled, at most 200, for a registrar: compare the digits with the owner.

    With all that ``passkey-enrolled/1`` says in clear of each, for the statement that the registrar signs.
    """
    await _check_registrar(call)
    found, rp = await call.service.doors.passkeys.waiting(person), place_of(request, call.service.doors.settings).rp
    names = await _names(call, list(dict.fromkeys(kept.person for kept in found)))
    return json_answer(
        {
            "passkeys": [
                {
                    "person": kept.person,
                    "name": names[kept.person],
                    "kid": kept.kid,
                    "made_at": format_instant(kept.made_at),
                    "fingerprint": kept.fingerprint,
                    "jwk": kept.passkey(rp).jwk,
                    "credential": kept.id,
                    "rp": rp,
                }
                for kept in found
            ]
        }
    )


async def _names(call: Call, people: Sequence[str]) -> dict[str, str | None]:
    """Whose they are: a registrar compares digits with somebody, not with an id. That they read it is on the log."""
    named: dict[str, str | None] = {}
    for start in range(0, len(people), MOST):
        named |= (await call.ledger.directory.names(call.by(), people[start : start + MOST])).people
    if people:
        await check_still_signed_in(call)
    return named


@writes(router, "/people/{person}/passkeys/{kid}/enrolment", "people.enrol_passkey")
async def enrol(
    request: Request, call: Calling, person: InPath, kid: KeyInPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """Enrol somebody's passkey, as the registrar who knows it is theirs: it speaks for them from here on.

    Only a registrar who has no key of their own yet may say so here; every other signs it (POST /statements).
    """
    doors = call.service.doors
    found = [kept for kept in await doors.passkeys.of(person) if kept.kid == kid]
    if not found:
        raise Unknown(f"passkey {kid}: there is none of this person that signs in; check it with its owner")
    passkey = found[0].passkey(place_of(request, doors.settings).rp)
    return answered(await call.ledger.people.enrol_passkey(call.by(body), person, passkey))


@writes(router, "/people/{person}/passkeys/{kid}/revocation", "people.revoke_passkey")
async def revoke(
    call: Calling, person: InPath, kid: KeyInPath, body: Annotated[Revocation, reads(Revocation)]
) -> Response:
    """Revoke a passkey: it speaks for nobody and signs nobody in from here on, and neither do its session keys."""
    enrolled = (await _keys(call, person)).passkeys.values()
    said = next((one.said for one in enrolled if one.said.person == person and one.said.kid == kid), None)
    if said is None:
        raise Unknown(f"passkey {kid}: none of this person is enrolled by this id; check the thumbprint")
    answer = await call.ledger.people.revoke_passkey(call.by(body), person, said, body.reason)
    await _end(call, person, said.passkey.credential)
    return answered(answer)


async def _kept(call: Call, credential: str) -> KeptPasskey | None:
    """A passkey by which whoever is signed in signs in; None for anybody else's, as for one that never was."""
    kept = await call.service.doors.passkeys.find(unbase64url(credential, "credential"))
    return kept if kept is not None and kept.person == call.session.person and kept.ended_at is None else None


async def _enrolled(call: Call, credential: str) -> PasskeyStatement | None:
    """What the log says of a passkey that speaks for whoever is signed in."""
    person = call.session.person
    enrolment = (await _keys(call, person)).passkeys.get((person, credential))
    return None if enrolment is None or enrolment.revoked_at is not None else enrolment.said


def _unknown() -> Unknown:
    return Unknown("passkey: there is none of yours by this id; see GET /passkeys")


async def _check_another_way_in(call: Call, kept: KeptPasskey) -> None:
    """Raise NotPossible if without this passkey its owner could not get in again by themselves."""
    doors, person = call.service.doors, kept.person
    others = [one for one in await doors.passkeys.of(person) if one.credential != kept.credential]
    if others or await doors.identities.of(person) or await doors.recovery.made_at(person) is not None:
        return
    raise NotPossible(
        "passkey: got the last way in, wanted another beside it; make a second passkey or a recovery code first, or"
        " say even_the_last, and only the staff can let you in again"
    )


async def _end(call: Call, person: str, credential: str) -> int:
    """End a person's passkey at the door, and its sessions; how many there were.

    Nobody else's: the log may name one as theirs that is not. Done again, it mends what a crash left half done.
    """
    doors = call.service.doors
    kept = await doors.passkeys.find(unbase64url(credential, "credential"))
    if kept is None or kept.person != person:
        return 0
    await doors.passkeys.end(kept.credential)
    return await doors.sessions.end_of_passkey(kept.credential)


async def _check_registrar(call: Call) -> None:
    """Raise NotAllowed unless the caller acts as a registrar and is one now."""
    facts = (await call.ledger.facts.person(call.session.person, fresh=True)).fold.facts
    if call.session.acting_as != "registrar" or facts.role("registrar", call.ledger.clock()) is None:
        raise NotAllowed(
            f"passkeys: got somebody acting as {call.session.acting_as}, wanted a registrar", "role-missing"
        )


async def _keys(call: Call, person: str) -> KeyHistory:
    return (await call.ledger.facts.person(person, fresh=True)).fold.keys


def _told(kept: KeptPasskey, keys: KeyHistory, call: Call) -> dict[str, Any]:
    enrolment = kept.enrolment(keys)
    return {
        "credential": kept.id,
        "kid": kept.kid,
        "name": kept.name,
        "made_at": format_instant(kept.made_at),
        "used_at": _moment(kept.used_at),
        "backed_up": kept.backed_up,
        "enrolled": enrolment is not None and enrolment.revoked_at is None,
        "fingerprint": kept.fingerprint,
        "this_one": kept.credential == call.session.credential,
    }


def _of_log(enrolment: PasskeyEnrolment) -> dict[str, Any]:
    passkey = enrolment.said.passkey
    return {
        "credential": passkey.credential,
        "kid": passkey.kid,
        "enrolled": enrolment.revoked_at is None,
        "fingerprint": fingerprint_of(passkey.kid),
    }


def _moment(instant: Instant | None) -> str | None:
    return None if instant is None else format_instant(instant)
