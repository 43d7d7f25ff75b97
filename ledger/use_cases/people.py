"""People, teams, roles and keys."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from ledger.core.authority import may_say
from ledger.core.decisions import Deny
from ledger.core.instants import Instant, format_instant
from ledger.core.key_history import LATER_THAN_ALL
from ledger.core.keys import KeyStatement, PublicKey
from ledger.core.passkeys import Passkey, PasskeyStatement
from ledger.core.people import PersonFacts
from ledger.core.said import Said
from ledger.domain.errors import NotAllowed
from ledger.domain.people import Person
from ledger.gathering import Gatherer
from ledger.saying import Answer, By, Sentence, Speaker
from ledger.store.errors import Conflict
from ledger.store.mapper import SealingMapper
from ledger.store.recorder import LedgerRecorder

FROM = frozenset({"from"})


@dataclass(frozen=True, slots=True)
class Configured:
    """What administrators configure: for each profile its ``kinds`` and ``topics``; for each topic its HL7 sensitivity
    code; and the ages, in years, of ``review``, ``ends`` and ``refusal``.
    """

    profiles: Mapping[str, Mapping[str, Sequence[str]]]
    topics: Mapping[str, str]
    ages: Mapping[str, int]


def _id_of_the_service(by: By, record: str) -> str | None:
    """The id of what the service says at somebody's word: the same when they ask again, and nobody else's (UUIDv7)."""
    if by.statement_id is None:
        return None
    drawn = hashlib.sha256(f"{by.person}/{record}/{by.statement_id}".encode()).digest()[:10]
    value = UUID(by.statement_id).int >> 80 << 80 | int.from_bytes(drawn)
    return str(UUID(int=value & ~(0xF << 76 | 3 << 62) | 7 << 76 | 2 << 62))


class People:
    """Registering people and saying who they are."""

    def __init__(self, recorder: LedgerRecorder, mapper: SealingMapper, gatherer: Gatherer, speaker: Speaker) -> None:
        self._recorder = recorder
        self._mapper = mapper
        self._gatherer = gatherer
        self._speaker = speaker

    @property
    def founders(self) -> tuple[str, str]:
        """The two administrators a ledger begins with: the rule of two needs two."""
        origin = self._mapper.keyring.first_origin
        return str(uuid5(NAMESPACE_URL, f"{origin}/founder/1")), str(uuid5(NAMESPACE_URL, f"{origin}/founder/2"))

    async def found(self) -> None:
        """Begin an empty ledger: the service's key is the first entry, then two founding administrators.

        Does nothing where a ledger has begun. All of it is one admission, so a crash leaves nothing or all.
        """
        if await self._recorder.size() > 0:
            return
        service = self._mapper.keyring.service
        streams = [self._registered(service, "Record ledger service")]
        for n, founder in enumerate(self.founders, 1):
            person = self._registered(founder, f"Founding administrator {n}")
            self._say_role(person, founder, "administrator", By(service, "service"))
            streams.append(person)
        # Keys that only their owners can use are enrolled by a named registrar, never by the service.
        self._say_role(streams[-1], self.founders[1], "registrar", By(self.founders[0], "administrator"))
        admissions = [self._mapper.to_stored_event(event) for person in streams for event in person.collect_events()]
        try:
            await self._recorder.sequencer.admit(admissions)
        except Conflict:
            return  # another process founded it in this instant

    async def register(
        self, by: By, name: str, *, person: str | None = None, identifiers: Sequence[Mapping[str, str]] = ()
    ) -> Answer:
        """Register a person under a service-held key, by which they can speak once they sign in.

        ``identifiers`` are numbers by which others know them (``ledger.core.identifiers``): sealed, as the name is.
        """
        pinned = self._speaker.pinned(by)
        registered = person or self._speaker.name(pinned, "person")
        words: dict[str, Any] = {"name": name}
        if identifiers:
            words["identifiers"] = [dict(one) for one in identifiers]
        answer = await self._speaker.say(Sentence(pinned, "person-registered/1", {"person": registered}, words))
        # A crash between the two leaves a person without a key; registering them again, as a retry does, mends it.
        await self._enrol_service_key(registered)
        return answer

    async def register_carer(self, by: By, record: str, name: str) -> Answer:
        """Register somebody for whoever may name them a carer of a record; by itself this shows them nothing.

        It is the service that says it: patients register nobody. Asked again under the same id, it is the same person.
        Naming them is said after this, by itself. Raises NotAllowed, as naming them would.
        """
        service = self._speaker.pinned(By(self._mapper.keyring.service, "service", _id_of_the_service(by, record)))
        person, now = self._speaker.name(service, "person"), self._speaker.clock()
        gathered = await self._gatherer.gather(by.person, record, at=now, fresh=True)
        facts = replace(gathered.facts, subject=PersonFacts(person, registered=gathered.as_of))
        naming = {"record": record, "person": person}
        said = Said(LATER_THAN_ALL, now, now, "carer-named/1", by.person, by.acting_as, naming)
        decision = may_say(facts, said, service=service.person)
        if isinstance(decision, Deny):
            await self._speaker.record_refusal(by, said.type, record, decision.rule)
            raise NotAllowed(
                f"people.register_carer: refused by rule {decision.rule}, as naming a carer would be; it is for the"
                " patient, or whoever decides for them",
                decision.rule,
            )
        return await self.register(service, name, person=person)

    async def enrol_key(self, by: By, person: str, key: PublicKey, *, not_after: Instant | None = None) -> Answer:
        """Enrol a key that only the person can use; by their registrar or their existing key."""
        public = KeyStatement(
            key,
            "author",
            None if not_after is None else format_instant(not_after),
            {"person": person, "by": by.acting_as},
        )
        facts = {"person": person, "kid": key.kid}
        return await self._speaker.say(Sentence(by, "key-enrolled/1", facts, public=public))

    async def enrol_passkey(self, by: By, person: str, passkey: Passkey) -> Answer:
        """Enrol a passkey, which certifies its owner's session keys from then on; by a registrar.

        A person enrols their own further ones by a statement that they sign themselves.
        """
        public = PasskeyStatement.of(passkey, person, by.acting_as)
        facts = {"person": person, "kid": passkey.kid}
        return await self._speaker.say(Sentence(by, "passkey-enrolled/1", facts, public=public))

    async def revoke_passkey(self, by: By, person: str, said: PasskeyStatement, reason: str) -> Answer:
        """Revoke a passkey from this position on, and with it every session key that it certified."""
        facts = {"person": person, "kid": said.kid, "reason": reason}
        return await self._speaker.say(Sentence(by, "passkey-revoked/1", facts, public=said))

    async def revoke_key(self, by: By, person: str, said: KeyStatement, reason: str) -> Answer:
        """Revoke a key from this position on; a service-held one that is ``replaced`` gets its next generation."""
        facts = {"person": person, "kid": said.key.kid, "reason": reason}
        public = KeyStatement(said.key, said.custody, said.not_after, {"person": person, "by": by.acting_as})
        answer = await self._speaker.say(Sentence(by, "key-revoked/1", facts, public=public))
        if said.custody == "service" and reason == "replaced":
            await self._enrol_service_key(person)
        return answer

    async def grant(self, by: By, person: str, role: str, *, until: Instant | None = None) -> Answer:
        """Grant a role; administrator, auditor and guardian also need ``approve`` by another administrator."""
        return await self._speaker.say(
            Sentence(by, "role-granted/1", {"person": person, "role": role, **self._term(by, until)}, clocked=FROM)
        )

    async def approve(self, by: By, person: str, role: str) -> Answer:
        """Approve a role that another administrator granted."""
        return await self._speaker.say(Sentence(by, "role-approved/1", {"person": person, "role": role}))

    async def end_role(self, by: By, person: str, role: str) -> Answer:
        """End a role."""
        return await self._speaker.say(Sentence(by, "role-ended/1", {"person": person, "role": role}))

    async def form_team(self, by: By, name: str, *, profile: str | None = None) -> Answer:
        """Form a team; its id is the answer's fact ``team``."""
        pinned = self._speaker.pinned(by)
        facts = {"team": self._speaker.name(pinned, "team"), "profile": profile}
        return await self._speaker.say(Sentence(pinned, "team-formed/1", facts, {"name": name}))

    async def join_team(self, by: By, team: str, person: str, *, until: Instant | None = None) -> Answer:
        """Make a person a member of a team."""
        facts = {"team": team, "person": person, **self._term(by, until)}
        return await self._speaker.say(Sentence(by, "team-joined/1", facts, clocked=FROM))

    async def leave_team(self, by: By, team: str, person: str) -> Answer:
        """End a membership."""
        return await self._speaker.say(Sentence(by, "team-left/1", {"team": team, "person": person}))

    async def leave(self, by: By, person: str) -> list[Answer]:
        """End all that somebody is here: their own keys and passkeys, roles, memberships; by another, an administrator.

        Each is a statement of its own, and what has ended is left out: so it goes on where a crash stopped it. What
        they are as a patient or a carer stays. Raises as the statements do, before the first of them or at it.
        """
        if by.person == person:
            raise NotAllowed("people.leave: got oneself, wanted another administrator to say it", "for-themselves")
        now, each = self._speaker.clock(), replace(by, statement_id=None)
        gathered = await self._gatherer.gather(person, at=now, fresh=True)
        keys, known = gathered.keys, gathered.facts.viewer
        own = [one.said for one in keys.in_force(person, LATER_THAN_ALL) if one.said.custody == "author"]
        passkeys = [one.said for one in keys.passkeys.values() if one.revoked_at is None]
        said = [await self.revoke_passkey(each, person, one, "left") for one in passkeys]
        # The session keys that a passkey certified have ended with it.
        said += [await self.revoke_key(each, person, one, "left") for one in own if one.certified_by is None]
        roles = [role for role, grants in known.roles.items() if not all(grant.term.over(now) for grant in grants)]
        said += [await self.end_role(each, person, role) for role in roles]
        teams = [team for team, term in known.teams.items() if not term.over(now)]
        return said + [await self.leave_team(each, team, person) for team in teams]

    async def ask_recovery(self, by: By, person: str) -> Answer:
        """Ask that somebody who lost every key be let in again; its id is the answer's fact ``recovery``.

        By a registrar or an administrator, and approved by another; or by the service, for whoever brought a code of
        their own.
        """
        pinned = self._speaker.pinned(by)
        ground = "code" if by.acting_as == "service" else "staff"
        facts = {"person": person, "recovery": self._speaker.name(pinned, "recovery"), "ground": ground}
        return await self._speaker.say(Sentence(pinned, "recovery-asked/1", facts))

    async def approve_recovery(self, by: By, person: str, recovery: str) -> Answer:
        """Approve a recovery that another registrar or administrator asked for."""
        return await self._speaker.say(Sentence(by, "recovery-approved/1", {"person": person, "recovery": recovery}))

    async def recoveries(self, person: str) -> list[Said]:
        """Every time somebody asked, or approved, that this person be let in again, oldest first: theirs to know."""
        kept = await self._recorder.read_stream(Person.of(person).id)
        return [
            self._mapper.open_facts(row) for row in kept if row.topic in ("recovery-asked/1", "recovery-approved/1")
        ]

    async def set_policy(self, by: By, configured: Configured) -> Answer:
        """State all that is configurable anew: team profiles, sensitive topics, ages. A topic, once there, stays."""
        pinned = self._speaker.pinned(by)
        facts = {
            "policy": self._speaker.name(pinned, "policy"),
            "profiles": {
                name: {part: list(of) for part, of in one.items()} for name, one in configured.profiles.items()
            },
            "topics": dict(configured.topics),
            "ages": dict(configured.ages),
        }
        return await self._speaker.say(Sentence(pinned, "policy-set/2", facts))

    def _term(self, by: By, until: Instant | None) -> dict[str, str | None]:
        return {
            "from": format_instant(self._speaker.voice(by).made_at),
            "until": None if until is None else format_instant(until),
        }

    def _say_role(self, stream: Person, person: str, role: str, by: By) -> None:
        voice = self._speaker.voice(by)
        start = format_instant(voice.made_at)
        stream.say("role-granted/1", voice, {"person": person, "role": role, "from": start, "until": None})

    def _registered(self, person: str, name: str) -> Person:
        """A person whom the service registers itself; the service's own key comes before everything else."""
        service = self._mapper.keyring.service
        stream = Person.of(person)
        if person == service:
            self._say_service_key(stream, person, "genesis")
        stream.say(
            "person-registered/1", self._speaker.voice(By(service, "service")), {"person": person}, {"name": name}
        )
        if person != service:
            self._say_service_key(stream, person, "founding")
        return stream

    async def _enrol_service_key(self, person: str) -> None:
        """Enrol the person's service-held key of the current generation, unless it is enrolled."""
        service = self._mapper.keyring.service
        keys = (await self._gatherer.gather(person, at=self._speaker.clock(), fresh=True)).keys
        key = self._mapper.keyring.signer_for(person, keys.service_generation(person)).public
        if (person, key.kid) in keys.by_person:
            return
        public = KeyStatement(key, "service", None, {"person": person, "by": "service"})
        by = By(service, "service")
        await self._speaker.say(Sentence(by, "key-enrolled/1", {"person": person, "kid": key.kid}, public=public))

    def _say_service_key(self, stream: Person, person: str, how: str) -> None:
        key = self._mapper.keyring.signer_for(person).public
        public = KeyStatement(key, "service", None, {"person": person, "by": how})
        voice = self._speaker.voice(By(self._mapper.keyring.service, "service"))
        stream.say("key-enrolled/1", voice, {"person": person, "kid": key.kid}, public=public)
