"""A session: who is signed in, acting as what, by what, until when. Every way to sign in ends in one."""

from dataclasses import dataclass

from ledger.core.instants import Instant
from ledger.core.keys import KeyId

MEANS = ("passkey", "oidc", "invitation", "persona")
"""By what a browser's session began."""


class SignInRefused(Exception):
    """Somebody is not let in. ``error`` is the code of RFC 6749, section 5.2, or RFC 6750, section 3.1."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, acting as what, and until when.

    A program's is a token, bound to the key ``kid``. A browser's is a row of ``sign_in.session`` with an ``id``; it
    tells its ``means``, the ``credential`` where that is a passkey, and when its owner last showed who they are.
    ``reads_only``: the token's scope lets nothing be said. ``may_act_as`` bounds what a browser's may switch to, where
    a provider's claims do; None leaves that to the facts.
    """

    person: str
    acting_as: str
    ends: Instant
    kid: KeyId | None = None
    id: str | None = None
    means: str | None = None
    credential: bytes | None = None
    authenticated_at: Instant | None = None
    reads_only: bool = False
    may_act_as: tuple[str, ...] | None = None

    def check_may_say(self) -> None:
        """Raise SignInRefused for a token that may only read."""
        if self.reads_only:
            raise SignInRefused(
                "insufficient_scope",
                "token: got one that may only read, wanted one without the scope read; get another",
            )
