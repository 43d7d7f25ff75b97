"""Which key spoke for whom, from which position to which.

Enrolling and revoking are statements: a key counts from the position after its enrolment up to, and not
including, its revocation, and not at or after ``not_after`` by the ledger's clock.
"""

from dataclasses import dataclass, field, replace

from ledger.core.errors import CoreError
from ledger.core.instants import Instant, parse_instant
from ledger.core.keys import KeyId, KeyStatement


class KeyNotInForce(CoreError):
    """A statement under a key that did not speak for its author at its position."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One key of one person."""

    said: KeyStatement
    enrolled_at: int
    revoked_at: int | None = None


@dataclass(slots=True)
class KeyHistory:
    """All keys of the people of a ledger, or of one person; folded from key statements in position order."""

    by_person: dict[tuple[str, KeyId], Enrolment] = field(default_factory=dict)

    def apply(self, position: int, statement_type: str, said: KeyStatement) -> None:
        """Take in ``key-enrolled/1`` or ``key-revoked/1``; raises KeyNotInForce where it cannot follow."""
        name = (said.person, said.key.kid)
        if statement_type == "key-enrolled/1":
            if name in self.by_person:
                raise KeyNotInForce(f"key {said.key.kid}: got a second enrolment at {position}, wanted a fresh key")
            self.by_person[name] = Enrolment(said, position)
            return
        enrolment = self.by_person.get(name)
        if enrolment is None or enrolment.revoked_at is not None:
            raise KeyNotInForce(f"key {said.key.kid}: got a revocation at {position}, wanted a key in force")
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
        return enrolment.said

    def in_force(self, person: str, position: int) -> list[Enrolment]:
        """The person's keys in force at a position, in the order of their enrolment."""
        return [
            enrolment
            for (owner, _), enrolment in self.by_person.items()
            if owner == person
            and enrolment.enrolled_at < position
            and (enrolment.revoked_at is None or enrolment.revoked_at >= position)
        ]

    def service_generation(self, person: str) -> int:
        """The number of the person's current service-held key: how many before it were revoked."""
        return sum(
            1
            for (owner, _), enrolment in self.by_person.items()
            if owner == person and enrolment.said.custody == "service" and enrolment.revoked_at is not None
        )
