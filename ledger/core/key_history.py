"""Which key spoke for whom, from which position to which.

Enrolling and revoking are statements: a key counts from the position after its enrolment up to, and not
including, its revocation, and not at or after ``not_after`` by the ledger's clock. A session key counts only while the
passkey that certified it does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from ledger.core.errors import CoreError
from ledger.core.instants import Instant, parse_instant
from ledger.core.keys import KeyId, KeyStatement
from ledger.core.passkeys import Passkey, PasskeyStatement

LATER_THAN_ALL: Final = 2**53 - 1
"""Stands for the position of what has none yet: later than every statement."""


class KeyNotInForce(CoreError):
    """A statement under a key that did not speak for its author at its position."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One key of one person."""

    said: KeyStatement
    enrolled_at: int
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class PasskeyEnrolment:
    """One passkey of one person."""

    said: PasskeyStatement
    enrolled_at: int
    revoked_at: int | None = None

    def in_force(self, position: int) -> bool:
        """Whether it can be used at a position."""
        return self.enrolled_at < position and (self.revoked_at is None or self.revoked_at >= position)


@dataclass(slots=True)
class KeyHistory:
    """All keys of the people of a ledger, or of one person; folded from key statements in position order."""

    by_person: dict[tuple[str, KeyId], Enrolment] = field(default_factory=dict)
    passkeys: dict[tuple[str, str], PasskeyEnrolment] = field(default_factory=dict)
    """By person and credential."""
    _kids: dict[str, list[KeyId]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _credentials: dict[str, list[str]] = field(init=False, repr=False, compare=False, default_factory=dict)
    # By person: a ledger has as many keys as people have signed in, and a person has few of them.

    def __post_init__(self) -> None:
        """Find what is there already by person."""
        for person, kid in self.by_person:
            self._kids.setdefault(person, []).append(kid)
        for person, credential in self.passkeys:
            self._credentials.setdefault(person, []).append(credential)

    def __copy__(self) -> "KeyHistory":
        """Another of the same keys, in which more can be taken in."""
        return KeyHistory(dict(self.by_person), dict(self.passkeys))

    def apply(self, position: int, statement_type: str, said: KeyStatement | PasskeyStatement) -> None:
        """Take in what enrols or revokes a key or a passkey; raises KeyNotInForce where it cannot follow."""
        if isinstance(said, PasskeyStatement):
            self._apply_passkey(position, statement_type, said)
            return
        name = (said.person, said.key.kid)
        if statement_type == "key-enrolled/1":
            if name in self.by_person:
                raise KeyNotInForce(f"key {said.key.kid}: got a second enrolment at {position}, wanted a fresh key")
            self.by_person[name] = Enrolment(said.without_assertion(), position)
            self._kids.setdefault(said.person, []).append(said.key.kid)
            return
        enrolment = self.by_person.get(name)
        if enrolment is None or enrolment.revoked_at is not None:
            raise KeyNotInForce(f"key {said.key.kid}: got a revocation at {position}, wanted a key in force")
        if said.certified_by not in (None, enrolment.said.certified_by):
            wanted = "the passkey that certified it, or none"
            raise KeyNotInForce(f"key {said.key.kid}: revoked as certified by {said.certified_by}, wanted {wanted}")
        self.by_person[name] = replace(enrolment, revoked_at=position)

    def find(self, person: str, kid: KeyId, position: int, recorded_at: Instant) -> KeyStatement:
        """The key under which ``person`` spoke; raise KeyNotInForce unless it was in force."""
        enrolment = self.by_person.get((person, kid))
        if enrolment is None or enrolment.enrolled_at >= position:
            raise KeyNotInForce(f"key {kid}: not enrolled for {person} before position {position}; enrol it first")
        if enrolment.revoked_at is not None and enrolment.revoked_at < position:
            raise KeyNotInForce(f"key {kid}: revoked at position {enrolment.revoked_at}, used at {position}")
        if enrolment.said.not_after is not None and recorded_at >= parse_instant(enrolment.said.not_after):
            raise KeyNotInForce(f"key {kid}: got a statement after {enrolment.said.not_after}; enrol a new key")
        if enrolment.said.certified_by is not None:
            self.passkey(person, enrolment.said.certified_by, position)
        return enrolment.said

    def passkey(self, person: str, credential: str, position: int) -> Passkey:
        """The passkey by which a person asserts something; raise KeyNotInForce unless it was in force."""
        enrolment = self.passkeys.get((person, credential))
        if enrolment is None or enrolment.enrolled_at >= position:
            raise KeyNotInForce(f"passkey {credential}: not enrolled for {person} before position {position}")
        if enrolment.revoked_at is not None and enrolment.revoked_at < position:
            raise KeyNotInForce(f"passkey {credential}: revoked at {enrolment.revoked_at}, used at {position}")
        return enrolment.said.passkey

    def has_own(self, person: str, position: int, at: Instant) -> bool:
        """Whether at a position there is a key or a passkey in force that only the person can use."""
        own = [one for one in self.in_force(person, position) if one.said.custody == "author"]
        lasting = any(one.said.not_after is None or at < parse_instant(one.said.not_after) for one in own)
        return lasting or any(enrolment.in_force(position) for enrolment in self._passkeys_of(person))

    def last_own(self, person: str, position: int) -> int | None:
        """Where before a position the last key or passkey was enrolled that only the person can use; None: nowhere."""
        keys = [one.enrolled_at for one in self._keys_of(person) if one.said.custody == "author"]
        passkeys = [one.enrolled_at for one in self._passkeys_of(person)]
        return max((at for at in keys + passkeys if at < position), default=None)

    def _apply_passkey(self, position: int, statement_type: str, said: PasskeyStatement) -> None:
        name = (said.person, said.passkey.credential)
        enrolment = self.passkeys.get(name)
        if statement_type == "passkey-enrolled/1":
            if enrolment is not None:
                raise KeyNotInForce(f"passkey {name[1]}: got a second enrolment at {position}, wanted a fresh passkey")
            # Under another credential a revoked passkey would come back, and its digits would name two.
            if any(one.said.kid == said.kid for one in self._passkeys_of(said.person)):
                raise KeyNotInForce(f"passkey {said.kid}: got it under a second credential, wanted a fresh passkey")
            self._credentials.setdefault(said.person, []).append(name[1])
            self.passkeys[name] = PasskeyEnrolment(said, position)
            return
        if enrolment is None or enrolment.revoked_at is not None or enrolment.said.passkey != said.passkey:
            raise KeyNotInForce(f"passkey {name[1]}: got a revocation at {position}, wanted a passkey in force")
        self.passkeys[name] = replace(enrolment, revoked_at=position)

    def in_force(self, person: str, position: int) -> list[Enrolment]:
        """The person's keys in force at a position, in the order of their enrolment."""
        return [
            enrolment
            for enrolment in self._keys_of(person)
            if enrolment.enrolled_at < position
            and (enrolment.revoked_at is None or enrolment.revoked_at >= position)
            and self._is_certified(enrolment, position)
        ]

    def _keys_of(self, person: str) -> Iterator[Enrolment]:
        return (self.by_person[person, kid] for kid in self._kids.get(person, ()))

    def _passkeys_of(self, person: str) -> Iterator[PasskeyEnrolment]:
        return (self.passkeys[person, credential] for credential in self._credentials.get(person, ()))

    def _is_certified(self, enrolment: Enrolment, position: int) -> bool:
        if enrolment.said.certified_by is None:
            return True
        passkey = self.passkeys.get((enrolment.said.person, enrolment.said.certified_by))
        return passkey is not None and passkey.in_force(position)

    def service_generation(self, person: str) -> int:
        """The number of the person's current service-held key: how many before it were revoked."""
        return sum(
            1
            for enrolment in self._keys_of(person)
            if enrolment.said.custody == "service" and enrolment.revoked_at is not None
        )
