"""What a statement says in clear (the member ``public``): the few things that whoever checks the log must read.

Nothing of it is erasable, so it names neither a record nor a word of anybody's: keys, the positions whose words
are erased, and the log that this one continues (``docs/reference/format.md``, section 1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core import canonical, shapes
from ledger.core.assertions import Assertion
from ledger.core.errors import MalformedStatement
from ledger.core.keys import KeyStatement, PublicKey
from ledger.core.merkle import HASH_SIZE
from ledger.core.passkeys import PasskeyStatement
from ledger.core.terms import ACTING_AS

MOST_ERASED: Final = 1000
"""Positions that one ``content-erased/1`` may name; more are said in more statements."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Of ``content-erased/1``: the positions whose words are destroyed, in ascending order."""

    positions: tuple[int, ...]

    def as_public(self) -> dict[str, Any]:
        """The JSON object that is signed."""
        return {"positions": list(self.positions)}


@dataclass(frozen=True, slots=True)
class Continued:
    """Of ``log-continued/1``: which log the entries before this one are of, and what is known of its end.

    The entries before are the first ``size`` of the log ``origin``, with this ``root``; ``checkpoint`` is the note
    of its largest checkpoint that is known, which covers as many or more.
    """

    origin: str
    size: int
    root: bytes
    checkpoint: str

    def as_public(self) -> dict[str, Any]:
        """The JSON object that is signed."""
        return {
            "origin": self.origin,
            "size": self.size,
            "root": canonical.base64url(self.root),
            "checkpoint": self.checkpoint,
        }


Public = KeyStatement | PasskeyStatement | Erased | Continued


def parse_public(kind: str, value: Any) -> Public:
    """Read what ``as_public`` writes, for a kind of ``public`` as the vocabulary names it.

    Raises MalformedStatement for anything else, WeakKey for a key that nobody should have.
    """
    shape, read = _KINDS[kind]
    shape("payload.public", value)
    return read(value)


def _key(value: Mapping[str, Any]) -> Public:
    return KeyStatement(PublicKey.from_jwk(value["jwk"]), value["custody"], value["not_after"], value["evidence"])


def _nothing(what: str, value: object) -> None:
    if value is not None:
        raise MalformedStatement(what, got=value, wanted="null")


def _erased(value: Mapping[str, Any]) -> Public:
    return Erased(tuple(value["positions"]))


def _continued(value: Mapping[str, Any]) -> Public:
    root = canonical.unbase64url(value["root"], "payload.public.root", size=HASH_SIZE)
    return Continued(value["origin"], value["size"], root, value["checkpoint"])


def _evidence(what: str, value: object) -> None:
    if not isinstance(value, dict):
        raise MalformedStatement(what, got=value, wanted="an object that names the person")
    shapes.uuid(f"{what}.person", value.get("person"))
    if "assertion" in value or value.get("by") == "passkey":
        _CERTIFIED(what, value)


def _asserted(what: str, value: object) -> None:
    Assertion.from_json(value, what)


def _ascending(what: str, value: object) -> None:
    shapes.list_of(shapes.position, at_most=MOST_ERASED)(what, value)
    if not isinstance(value, list) or not value or value != sorted(set(value)):
        raise MalformedStatement(what, got=value, wanted="at least one position, each once, in ascending order")


_KEY: Final = shapes.members(
    {
        "jwk": shapes.anything,  # PublicKey.from_jwk checks it
        "custody": shapes.one_of("author", "service"),
        "not_after": shapes.optional(shapes.instant),
        "evidence": _evidence,
    }
)
_CERTIFIED: Final = shapes.members({"person": shapes.uuid, "by": shapes.one_of("passkey"), "assertion": _asserted})
_PASSKEY: Final = shapes.members(
    {
        "jwk": shapes.anything,  # Passkey.checked checks it, and the credential
        "custody": shapes.one_of("author"),
        "not_after": _nothing,
        "evidence": shapes.members(
            {"person": shapes.uuid, "by": shapes.one_of(*ACTING_AS), "credential": shapes.text, "rp": shapes.text}
        ),
    }
)
_ERASED: Final = shapes.members({"positions": _ascending})
_CONTINUED: Final = shapes.members(
    {"origin": shapes.text, "size": shapes.position, "root": shapes.text, "checkpoint": shapes.text}
)
_KINDS: Final[Mapping[str, tuple[shapes.Check, Callable[[Mapping[str, Any]], Public]]]] = {
    "key": (_KEY, _key),
    "passkey": (_PASSKEY, PasskeyStatement.read),
    "erased": (_ERASED, _erased),
    "continued": (_CONTINUED, _continued),
}
