"""People and teams: who they are, what they may act as, and which keys speak for them."""

from dataclasses import dataclass, field
from typing import ClassVar

from ledger.core.key_history import KeyHistory
from ledger.core.keys import KeyStatement
from ledger.core.passkeys import PasskeyStatement
from ledger.domain.errors import NotPossible
from ledger.domain.stream import Spoken, Stream


@dataclass(slots=True)
class Person(Stream):
    """One person: registered, with keys and roles."""

    KIND: ClassVar = "person"

    registered: bool = False
    keys: KeyHistory = field(default_factory=KeyHistory)

    def _on_registered(self, _event: Spoken) -> None:
        if self.registered:
            raise NotPossible("person-registered: got a second one, wanted one registration a person")
        self.registered = True

    def _on_key(self, event: Spoken) -> None:
        if not isinstance(event.public, KeyStatement | PasskeyStatement):
            raise NotPossible(f"{event.type}: got no key, wanted it in the member public")
        if event.public.person != event.facts["person"] or event.public.kid != event.facts["kid"]:
            raise NotPossible(f"{event.type}: got a key of another person, wanted the one that the facts name")
        # Positions matter to signatures, not here: within one stream versions have the same order.
        self.keys.apply(event.originator_version, event.type, event.public)

    AFTER: ClassVar = {
        "person-registered/1": _on_registered,
        "key-enrolled/1": _on_key,
        "key-revoked/1": _on_key,
        "passkey-enrolled/1": _on_key,
        "passkey-revoked/1": _on_key,
    }


@dataclass(slots=True)
class Team(Stream):
    """A team: formed once, then joined and left."""

    KIND: ClassVar = "team"
    FIRST: ClassVar = frozenset({"team-formed/1"})


@dataclass(slots=True)
class Policy(Stream):
    """What administrators configure: each statement states all of it anew."""

    KIND: ClassVar = "policy"
