"""Sign-in by API key: an enrolled Ed25519 key vouches for its owner, who gets a bearer token for ten minutes.

The client signs an assertion (RFC 7523, section 2.2; ``private_key_jwt``) with a key in its author's custody; the
answer is an access token (RFC 9068) that is bound to that key: revoking the key ends its tokens. Acting as
something is a scope of the token; whether the person may act so is decided at each request, from the facts. With the
scope ``read`` beside it, the token lets nothing be said.
"""

import json
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from api.sign_in.once import Once
from api.sign_in.session import Session, SignInRefused
from ledger.core.canonical import base64url
from ledger.core.errors import CoreError
from ledger.core.instants import MINUTE, SECOND, Instant
from ledger.core.key_history import LATER_THAN_ALL, KeyHistory, KeyNotInForce
from ledger.core.keys import KeyId, PublicKey, SigningKey
from ledger.core.shapes import uuid
from ledger.core.terms import ACTING_AS
from ledger.saying import fresh_id
from ledger.store.facts import FactsReader
from ledger.store.keyring import Keyring

TOKEN_LIFETIME: Final = 10 * MINUTE
ASSERTION_LIFETIME: Final = 5 * MINUTE
"""An assertion may expire at most this far ahead."""
REVOKED_WITHIN: Final = 1 * SECOND
"""A key revoked through another process ends its tokens here within this time; through this one, at once."""
_ACTING: Final = tuple(f"acting_as:{role}" for role in ACTING_AS if role != "service")
_READ: Final = "read"
SCOPES: Final = (*_ACTING, *(f"{acting} {_READ}" for acting in _ACTING))
"""What may be asked for, as it is answered; the order of the two names does not matter (RFC 6749, section 3.3)."""

_SKEW: Final = 30 * SECOND
_LARGEST_JWT: Final = 4096
_LARGEST_CACHE: Final = 4096


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and what the client is told about it; ``expires_in`` in seconds."""

    access_token: str
    scope: str
    expires_in: int


@dataclass(slots=True)
class _Known:
    """A token whose signature was checked before, and when its key was last read afresh."""

    session: Session
    read_at: Instant


@dataclass(frozen=True, slots=True)
class _Jwt:
    """A JWT in its parts. Nothing in it is to be believed before ``check_signature``."""

    signed: jws.CompactSignature
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    def check_signature(self, key: PublicKey, algorithms: Sequence[str], error: str) -> None:
        """Raise SignInRefused unless the key signed it, with an algorithm that is allowed."""
        with warnings.catch_warnings():
            # RFC 9864 renames EdDSA to Ed25519; with an Ed25519 key they are the same, and clients still say the first.
            warnings.simplefilter("ignore", SecurityWarning)
            try:
                good = jws.validate_compact(self.signed, _public(key), list(algorithms))
            except (JoseError, ValueError):
                good = False
        if not good:
            raise _refused(error)


@dataclass(slots=True)
class ApiKeys:
    """Gives tokens for assertions, and sessions for tokens."""

    keyring: Keyring
    facts: FactsReader
    clock: Callable[[], Instant]
    once: Once
    _signer: SigningKey = field(init=False)
    _private: OKPKey = field(init=False)
    _known: OrderedDict[str, _Known] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        """Derive the key of the tokens, the same in every process; no token outlives the name of the log."""
        seed = self.keyring.derived("access-token-key", self.keyring.origin)
        self._signer = SigningKey(seed)
        self._private = OKPKey.import_key({**self._signer.public.jwk, "d": base64url(seed)})

    async def give_token(self, assertion: str, scope: str) -> Token:
        """A token for the owner of the key that signed the assertion; raises SignInRefused."""
        scope = _scope_of(scope)
        person, kid = await self._owner_of(_parse(assertion, "invalid_client"))
        now = self.clock()
        claims = {
            "iss": self.keyring.origin,
            "aud": self.keyring.origin,
            "sub": person,
            "client_id": person,
            "jti": fresh_id(now),
            "iat": now // SECOND,
            "exp": (now + TOKEN_LIFETIME) // SECOND,
            "scope": scope,
            "cnf": {"jkt": kid},
        }
        header = {"alg": "Ed25519", "typ": "at+jwt", "kid": self._signer.kid}
        token = jwt.encode(header, claims, self._private, algorithms=["Ed25519"])
        return Token(token, scope, TOKEN_LIFETIME // SECOND)

    async def session_of(self, token: str) -> Session:
        """The session of a bearer token; raises SignInRefused unless token and key are in force now."""
        now = self.clock()
        known = self._known.get(token)
        if known is None:
            known = self._remembered(token, self._session_in(_parse(token, "invalid_token")))
        if now >= known.session.ends:
            self._known.pop(token, None)
            raise SignInRefused("invalid_token", "token: got one that has expired; get another")
        afresh = now - known.read_at >= REVOKED_WITHIN
        await self._check_in_force(known.session, fresh=afresh)
        if afresh:
            known.read_at = now
        return known.session

    async def check_still_in_force(self, session: Session) -> None:
        """Raise SignInRefused if the session's key is revoked in the facts as they are cached.

        After a disclosure these are the facts that it was admitted on: its guards have proved them current.
        """
        await self._check_in_force(session, fresh=False)

    async def _check_in_force(self, session: Session, *, fresh: bool) -> None:
        keys = (await self.facts.person(session.person, fresh=fresh)).fold.keys
        try:
            keys.find(session.person, session.kid or KeyId(""), LATER_THAN_ALL, self.clock())
        except KeyNotInForce as error:
            raise SignInRefused(
                "invalid_token", "token: its key is no longer in force; sign in with another"
            ) from error

    def _remembered(self, token: str, session: Session) -> _Known:
        known = self._known[token] = _Known(session, Instant(0))
        if len(self._known) > _LARGEST_CACHE:
            self._known.popitem(last=False)
        return known

    def _session_in(self, token: _Jwt) -> Session:
        token.check_signature(self._signer.public, ["Ed25519"], "invalid_token")
        # The key signs nothing but what give_token makes, so the members are there.
        claims, origin = token.claims, self.keyring.origin
        if token.header.get("typ") != "at+jwt" or claims.get("aud") != origin or claims.get("iss") != origin:
            raise _refused("invalid_token")
        role, _, only = str(claims["scope"]).removeprefix("acting_as:").partition(" ")
        ends, kid = Instant(claims["exp"] * SECOND), KeyId(claims["cnf"]["jkt"])
        return Session(claims["sub"], role, ends, kid, reads_only=only == _READ)

    async def _owner_of(self, assertion: _Jwt) -> tuple[str, KeyId]:
        """Who signed an assertion, with which key. An unknown person, key or signature is answered alike."""
        person, kid = assertion.claims.get("sub"), assertion.header.get("kid")
        if not isinstance(kid, str) or not _is_person(person):
            raise _refused("invalid_client")
        keys = (await self.facts.person(str(person), fresh=True)).fold.keys
        key = _author_key(keys, str(person), KeyId(kid), self.clock())
        assertion.check_signature(key, ["Ed25519", "EdDSA"], "invalid_client")
        self._check_claims(assertion.claims)
        await self._use(str(person), assertion.claims["jti"], Instant(assertion.claims["exp"] * SECOND))
        return str(person), key.kid

    def _check_claims(self, claims: Mapping[str, Any]) -> None:
        audience, name, origin = claims.get("aud"), claims.get("jti"), self.keyring.origin
        _refuse_unless(claims.get("iss") == claims.get("sub"), "iss: wanted the same as sub")
        _refuse_unless(audience in (origin, [origin]), f"aud: wanted {origin}")
        _refuse_unless(isinstance(name, str) and 0 < len(name) <= 128, "jti: wanted 1 to 128 characters")
        now, ends = self.clock(), _instant(claims.get("exp"))
        issued = now if claims.get("iat") is None else _instant(claims["iat"])
        _refuse_unless(ends > now, "exp: wanted whole seconds since 1970, ahead; make a new assertion")
        _refuse_unless(ends <= now + ASSERTION_LIFETIME + _SKEW, "exp: wanted at most 5 minutes ahead")
        _refuse_unless(
            0 < issued <= now + _SKEW, "iat: wanted whole seconds since 1970 that are not ahead; set your clock"
        )

    async def _use(self, person: str, name: str, ends: Instant) -> None:
        """Raise SignInRefused if the assertion was used before, in whichever process."""
        try:
            await self.once.use_name(f"{person}/{name}", "jti", ends)
        except SignInRefused as used:
            raise SignInRefused("invalid_client", f"client_assertion: {used}") from used


def _public(key: PublicKey) -> OKPKey:
    return OKPKey.import_key({**key.jwk})


def _parse(text: str, error: str) -> _Jwt:
    if len(text) > _LARGEST_JWT:
        raise _refused(error)
    try:
        signed = jws.extract_compact(text.encode())
        claims = json.loads(signed.payload)
    except (JoseError, ValueError, RecursionError) as cause:
        raise _refused(error) from cause
    if not isinstance(claims, dict):
        raise _refused(error)
    return _Jwt(signed, signed.headers(), claims)


def _scope_of(asked: str) -> str:
    """The scope as ``SCOPES`` spells it; raises SignInRefused for any other."""
    names = sorted(asked.split(" "))
    for scope in SCOPES:
        if sorted(scope.split(" ")) == names:
            return scope
    wanted = f"exactly one of {', '.join(_ACTING)}; with {_READ} beside it, the token may only read"
    raise SignInRefused("invalid_scope", f"scope: wanted {wanted}")


def _author_key(keys: KeyHistory, person: str, kid: KeyId, now: Instant) -> PublicKey:
    """A key in force that only its author can use; one in the service's custody signs nobody in.

    Nor does a session key: it speaks in one browser, and a token by it would need no passkey and outlive the session.
    """
    try:
        said = keys.find(person, kid, LATER_THAN_ALL, now)
    except KeyNotInForce as error:
        raise _refused("invalid_client") from error
    if said.custody != "author" or said.certified_by is not None:
        raise _refused("invalid_client")
    return said.key


def _instant(seconds: object) -> Instant:
    """A NumericDate in whole seconds; the beginning of time for anything else."""
    return Instant(seconds * SECOND) if isinstance(seconds, int) and not isinstance(seconds, bool) else Instant(0)


def _is_person(value: object) -> bool:
    try:
        uuid("sub", value)
    except CoreError:
        return False
    return True


def _refuse_unless(holds: bool, wanted: str) -> None:
    if not holds:
        raise SignInRefused("invalid_client", f"client_assertion: {wanted}")


def _refused(error: str) -> SignInRefused:
    """The one answer for whatever is not signed by a key that is known: it tells nobody what is."""
    what = "token" if error == "invalid_token" else "client_assertion"
    return SignInRefused(error, f"{what}: wanted a JWT signed by a key that is in force; check key, kid and clock")
