"""People, teams, roles and keys over HTTP."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from starlette.responses import Response

from api.http.answers import answered, json_answer
from api.http.bodies import A_NAME, Body, Id, InPath, Moment, OnlyBody, Text, names, reads, shown_as
from api.http.operations import shows, writes
from api.http.service import Call, Calling
from ledger.core.entry import read_entry
from ledger.core.identifiers import nhs_number_of
from ledger.core.instants import Instant, format_instant, parse_instant
from ledger.core.key_history import LATER_THAN_ALL, Enrolment, KeyHistory
from ledger.core.keys import PublicKey
from ledger.core.terms import ROLES
from ledger.domain.errors import Unknown
from ledger.store.facts import Person
from ledger.use_cases.people import Configured

router: Final = APIRouter(tags=["people"])
RoleInPath = Annotated[str, Path(pattern="^[a-z-]{1,64}$", description="A role.", json_schema_extra={"enum": [*ROLES]})]
KeyInPath = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{43}$", description="A key id: an RFC 7638 thumbprint.")]

_PERSON: Final = "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10"
_NEXT_YEAR: Final = "2027-05-03T09:00:00.000Z"
_JWK: Final = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
_TOPICS: Final = {
    "mental-health": "PSY",
    "sexual-health": "SEX",
    "reproductive": "SEX",
    "substance-use": "ETH",
    "domestic-abuse": "SDV",
    "genetic": "GDIS",
    "social-care": "PRS",
}
_KID: Final = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


class NewPerson(Body):
    """Somebody to be registered; a patient with their NHS number, if it is known, as people write it."""

    model_config = shown_as(name="Amina Hassan", nhs_number="943 476 5919")
    name: Text
    nhs_number: str | None = None

    def identifiers(self) -> list[dict[str, str]]:
        """The numbers by which others know them; raises MalformedStatement."""
        return [] if self.nhs_number is None else [nhs_number_of(self.nhs_number)]


class NewRole(Body):
    """A role to be granted, for a time or until somebody ends it."""

    model_config = shown_as(role="clinician", until=_NEXT_YEAR)
    role: Annotated[str, names(*ROLES)]
    until: Moment | None = None


class NewTeam(Body):
    """A team to be formed; its profile names what it may see, all kinds and topics if there is none."""

    model_config = shown_as(name="Early intervention team", profile=None)
    name: Text
    profile: Annotated[str, WithJsonSchema(A_NAME)] | None = None


class NewMember(Body):
    """A person to join a team."""

    model_config = shown_as(person=_PERSON, until=None)
    person: Id
    until: Moment | None = None


class NewKey(Body):
    """A public key that only its owner can use (RFC 8037), with its last day if it has one."""

    model_config = shown_as(jwk=_JWK, not_after=_NEXT_YEAR)
    jwk: dict[str, str]
    not_after: Moment | None = None


class Revocation(Body):
    """Why a key no longer speaks for its owner."""

    model_config = shown_as(reason="lost")
    reason: Annotated[str, names("lost", "stolen", "left", "replaced")]


class Profile(BaseModel):
    """The kinds and topics that a team of this profile may see."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    kinds: list[str]
    topics: list[str]


class NewPolicy(Body):
    """All that is configurable, stated anew: profiles, topics with their HL7 sensitivity codes, and ages in years."""

    model_config = shown_as(
        profiles={"pharmacy": {"kinds": ["medicine", "allergy", "result"], "topics": []}},
        topics=_TOPICS,
        ages={"review": 11, "ends": 16, "refusal": 18},
    )
    profiles: dict[str, Profile]
    topics: dict[str, str]
    ages: dict[str, int]

    def configured(self) -> Configured:
        """The policy of the use case."""
        profiles = {name: {"kinds": one.kinds, "topics": one.topics} for name, one in self.profiles.items()}
        return Configured(profiles, self.topics, self.ages)


@writes(router, "/people", "people.register")
async def register(call: Calling, body: Annotated[NewPerson, reads(NewPerson)]) -> Response:
    """Register a person, by an administrator or a registrar; name and number are sealed."""
    return answered(await call.ledger.people.register(call.by(body), body.name, identifiers=body.identifiers()))


@writes(router, "/people/{person}/roles", "people.grant")
async def grant(call: Calling, person: InPath, body: Annotated[NewRole, reads(NewRole)]) -> Response:
    """Grant a role; administrator, auditor and guardian wait for a second administrator's approval."""
    return answered(await call.ledger.people.grant(call.by(body), person, body.role, until=body.until))


@writes(router, "/people/{person}/roles/{role}/approval", "people.approve")
async def approve(
    call: Calling, person: InPath, role: RoleInPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """Approve a role that another administrator granted."""
    return answered(await call.ledger.people.approve(call.by(body), person, role))


@writes(router, "/people/{person}/roles/{role}/end", "people.end_role")
async def end_role(
    call: Calling, person: InPath, role: RoleInPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """End a role."""
    return answered(await call.ledger.people.end_role(call.by(body), person, role))


@writes(router, "/teams", "people.form_team")
async def form_team(call: Calling, body: Annotated[NewTeam, reads(NewTeam)]) -> Response:
    """Form a team."""
    return answered(await call.ledger.people.form_team(call.by(body), body.name, profile=body.profile))


@writes(router, "/teams/{team}/members", "people.join_team")
async def join_team(call: Calling, team: InPath, body: Annotated[NewMember, reads(NewMember)]) -> Response:
    """Make a person a member of a team."""
    return answered(await call.ledger.people.join_team(call.by(body), team, body.person, until=body.until))


@writes(router, "/teams/{team}/members/{person}/end", "people.leave_team")
async def leave_team(
    call: Calling, team: InPath, person: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """End a membership."""
    return answered(await call.ledger.people.leave_team(call.by(body), team, person))


@writes(router, "/people/{person}/keys", "people.enrol_key")
async def enrol_key(call: Calling, person: InPath, body: Annotated[NewKey, reads(NewKey)]) -> Response:
    """Enrol a key that only the person can use; by themselves or a registrar."""
    key = PublicKey.from_jwk(body.jwk)
    return answered(await call.ledger.people.enrol_key(call.by(body), person, key, not_after=body.not_after))


@writes(router, "/people/{person}/keys/{kid}/revocation", "people.revoke_key")
async def revoke_key(
    call: Calling, person: InPath, kid: KeyInPath, body: Annotated[Revocation, reads(Revocation)]
) -> Response:
    """Revoke a key: from here on it speaks for nobody, and its tokens end."""
    enrolled = {one.said.key.kid: one.said for one in (await _person(call, person)).keys.by_person.values()}
    if (said := enrolled.get(kid)) is None:  # type: ignore[call-overload]  # any text may be looked up
        raise Unknown(f"key {kid}: there is no such key of this person; check the thumbprint")
    answer = await call.ledger.people.revoke_key(call.by(body), person, said, body.reason)
    # Tokens rest on the cached keys: reading them afresh ends those of this key at once.
    await _person(call, person)
    return answered(answer)


_KEYS: Final = {"keys": [{"kid": _KID, "jwk": _JWK, "custody": "author", "not_after": None, "in_force": True}]}


@writes(router, "/policy", "people.set_policy")
async def set_policy(call: Calling, body: Annotated[NewPolicy, reads(NewPolicy)]) -> Response:
    """State anew what is configured, by an administrator; a topic, once there, stays."""
    return answered(await call.ledger.people.set_policy(call.by(body), body.configured()))


@shows(router, "/people/{person}/keys", "people.keys", _KEYS)
async def keys(call: Calling, person: InPath) -> Response:
    """Every key that speaks or spoke in one's own name, and who holds it."""
    if person != call.session.person:
        raise Unknown(f"person {person}: there are no keys of theirs for you; ask for your own")
    history = (await _person(call, person)).keys
    now = call.ledger.clock()
    in_force = history.in_force(person, LATER_THAN_ALL)
    current = {one.enrolled_at for one in in_force if (ends := one.said.not_after) is None or now < parse_instant(ends)}
    return json_answer({"keys": [_key(one, one.enrolled_at in current) for one in history.by_person.values()]})


class PageOfStatements(BaseModel):
    """The query of a page of statements."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(default=50, ge=1, le=200, description="Statements at most.")
    cursor: str | None = Field(default=None, max_length=100, description="Of the page before.")


_SAID: Final = {
    "statements": [
        {
            "statement_id": "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11",
            "type": "carer-named/1",
            "acting_as": "patient",
            "made_at": "2026-05-03T08:59:59.120Z",
            "recorded_at": "2026-05-03T09:00:00.000Z",
            "kid": _KID,
            "custody": "author",
        }
    ],
    "cursor": None,
}


@shows(router, "/people/{person}/statements", "people.statements", _SAID)
async def statements(call: Calling, person: InPath, page: Annotated[PageOfStatements, Query()]) -> Response:
    """Every statement in one's own name, newest first, with the key it was signed with and who holds that."""
    if person != call.session.person:
        raise Unknown(f"person {person}: there are no statements of theirs for you; ask for your own")
    continues, cursors = ("statements", person), call.service.cursors
    before = LATER_THAN_ALL if page.cursor is None else cursors.open(page.cursor, *continues)[1]
    found = await call.ledger.rows.entries_of(person, before, page.limit + 1)
    keys = (await _person(call, person)).keys
    more = len(found) > page.limit
    return json_answer(
        {
            "statements": [_statement(keys, entry) for _, entry in found[: page.limit]],
            "cursor": cursors.seal((Instant(0), found[page.limit - 1][0]), *continues) if more else None,
        }
    )


def _statement(keys: KeyHistory, entry: bytes) -> dict[str, Any]:
    """What is told of a statement to whom it is in the name of: nothing of what it says.

    Nor its position, by which one could count what others said between two of them: that is in its receipt.
    """
    read = read_entry(entry)
    said = read.signed.statement
    return {
        "statement_id": said.id,
        "type": said.type,
        "acting_as": said.acting_as,
        "made_at": format_instant(said.made_at),
        "recorded_at": format_instant(read.recorded_at),
        "kid": read.signed.kid,
        "custody": keys.by_person[said.author, read.signed.kid].said.custody,
    }


async def _person(call: Call, person: str) -> Person:
    return (await call.ledger.facts.person(person, fresh=True)).fold


def _key(enrolment: Enrolment, in_force: bool) -> dict[str, Any]:
    said = enrolment.said
    return {
        "kid": said.key.kid,
        "jwk": said.key.jwk,
        "custody": said.custody,
        "not_after": said.not_after,
        "in_force": in_force,
    }
