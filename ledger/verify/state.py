"""What a run has verified, kept so that the next one need only look at what is new.

A state is as good as the file it is kept in: it holds no secret and is signed by nobody. Whoever can write it can
write this program too; a full run (``--full``) trusts no file.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Self

from ledger.core import canonical
from ledger.core.edge import Edge
from ledger.core.errors import CoreError
from ledger.core.instants import Instant
from ledger.core.key_history import Enrolment, KeyHistory, PasskeyEnrolment
from ledger.core.keys import KeyId, KeyStatement, PublicKey
from ledger.core.log_keys import LogVerifier
from ledger.core.passkeys import Passkey, PasskeyStatement
from ledger.core.public import Continued
from ledger.core.tiles import TileError
from ledger.verify.folding import Facts

VERSION: Final = 2
_FILE: Final = re.compile(rb'\{"sha256":"([0-9a-f]{64})","verified":(\{.*\})\}\n', re.DOTALL)
_ABOUT: Final = "remove the file, or run verify --full"


class StateError(CoreError):
    """A state that cannot be gone on from."""


@dataclass(frozen=True, slots=True)
class Verified:
    """The first ``edge.size`` entries were verified, and what those after them are held to.

    ``log`` is the verifier's text; ``steps`` are the numbers of the steps taken; ``numbered`` is the size up to which
    streams, facts and counters were held to each other, and the run was finished; ``began`` is where it began.
    """

    log: str
    steps: tuple[int, ...]
    edge: Edge
    covered: int
    uncovered_since: Instant | None
    began: int
    numbered: int
    facts: Facts

    @property
    def unfinished(self) -> bool:
        """Whether it is of a run over everything that was interrupted."""
        return self.began == 0 and self.numbered == 0

    def check_fits(self, log: LogVerifier, steps: tuple[int, ...]) -> None:
        """Check that it is of this log, and of a run that took at least these steps. Raises StateError."""
        known = {str(key) for pair in log.pairs for key in pair.keys}
        told = [line for line in self.log.splitlines() if not line.startswith("until ")]
        if not told or not known.issuperset(told):
            raise StateError(f"verified before: got a state under other log keys than {log.origin}'s; {_ABOUT}")
        if not set(steps) <= set(self.steps):
            missing = ", ".join(map(str, sorted(set(steps) - set(self.steps))))
            raise StateError(f"verified before: got a state without step {missing}; {_ABOUT}")

    def format(self) -> bytes:
        """One JSON document with its own digest, so that a file cut short or spoiled is noticed."""
        body = canonical.encode(self._as_json())
        return b'{"sha256":"%b","verified":%b}\n' % (sha256(body).hexdigest().encode(), body)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read what ``format`` writes; raises StateError for anything else."""
        try:
            found = _FILE.fullmatch(data)
            if found is None or sha256(found[2]).hexdigest().encode() != found[1]:
                raise StateError("other bytes than were written")
            body = canonical.decode(found[2], "verified before")
            if body["v"] != VERSION:
                raise StateError("one of another version")
            return cls._from_json(body)
        except (CoreError, TypeError, KeyError, ValueError, AttributeError) as error:
            raise StateError(f"verified before: got a state that cannot be read ({error}); {_ABOUT}") from error

    def _as_json(self) -> dict[str, Any]:
        return {
            "v": VERSION,
            "log": self.log,
            "steps": list(self.steps),
            "size": self.edge.size,
            "root": canonical.base64url(self.edge.root()),
            "incomplete": [canonical.base64url(hashes) for hashes in self.edge.incomplete],
            "covered": self.covered,
            "uncovered_since": self.uncovered_since,
            "began": self.began,
            "numbered": self.numbered,
            "recorded_at": self.facts.recorded_at,
            "erased": [[position, by] for position, by in sorted(self.facts.erased.items())],
            "continued": [[position, said.as_public()] for position, said in sorted(self.facts.continued.items())],
            "keyless": self.facts.keyless,
            "wordless": self.facts.wordless,
            "keys": [_enrolment(*item) for item in self.facts.keys.by_person.items()],
            "passkeys": [_passkey(enrolment) for enrolment in self.facts.keys.passkeys.values()],
        }

    @classmethod
    def _from_json(cls, body: Mapping[str, Any]) -> Self:
        incomplete = {level: canonical.unbase64url(hashes, "tile") for level, hashes in enumerate(body["incomplete"])}
        try:
            edge = Edge.from_stored(body["size"], incomplete)
        except TileError as error:
            raise StateError(str(error)) from error
        if canonical.base64url(edge.root()) != body["root"]:
            raise StateError("verified before: got an edge of another root")
        facts = Facts(
            KeyHistory(
                dict(_read_enrolment(row) for row in body["keys"]), dict(_read_passkey(row) for row in body["passkeys"])
            ),
            Instant(body["recorded_at"]),
            dict(body["erased"]),
            {position: _read_continued(said) for position, said in body["continued"]},
            list(body["keyless"]),
            list(body["wordless"]),
        )
        since = body["uncovered_since"]
        return cls(
            body["log"],
            tuple(body["steps"]),
            edge,
            body["covered"],
            None if since is None else Instant(since),
            body["began"],
            body["numbered"],
            facts,
        )


def _enrolment(name: tuple[str, KeyId], enrolment: Enrolment) -> list[Any]:
    said = enrolment.said
    key = canonical.base64url(said.key.raw)
    ends = [said.not_after, enrolment.enrolled_at, enrolment.revoked_at]
    return [*name, key, said.custody, said.certified_by, *ends]


def _read_enrolment(row: list[Any]) -> tuple[tuple[str, KeyId], Enrolment]:
    person, kid, raw, custody, certified_by, not_after, enrolled_at, revoked_at = row
    # Its checks and its id were made when the key was first read; the digest over the whole holds it to that.
    key = PublicKey(canonical.read_base64url(raw), KeyId(kid))
    # Of the assertion it was held to at its own position, only whose it was matters later.
    evidence = {"person": person} | ({} if certified_by is None else {"assertion": {"credential": certified_by}})
    return (person, KeyId(kid)), Enrolment(KeyStatement(key, custody, not_after, evidence), enrolled_at, revoked_at)


def _passkey(enrolment: PasskeyEnrolment) -> list[Any]:
    said = enrolment.said
    return [dict(said.passkey.jwk), dict(said.evidence), enrolment.enrolled_at, enrolment.revoked_at]


def _read_passkey(row: list[Any]) -> tuple[tuple[str, str], PasskeyEnrolment]:
    jwk, evidence, enrolled_at, revoked_at = row
    said = PasskeyStatement(Passkey(evidence["credential"], jwk, evidence["rp"]), evidence)
    return (said.person, said.passkey.credential), PasskeyEnrolment(said, enrolled_at, revoked_at)


def _read_continued(said: Mapping[str, Any]) -> Continued:
    return Continued(said["origin"], said["size"], canonical.unbase64url(said["root"], "root"), said["checkpoint"])
