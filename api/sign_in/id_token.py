"""ID tokens: what a provider says about who has just signed in there, and all that is checked before it is believed.

OpenID Connect Core 1.0, section 3.1.3.7, and stricter where it leaves a choice: asymmetric algorithms of a short list,
no audience but this service, and a nonce always.
"""

import hmac
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning

from api.sign_in.discovery import ALGORITHMS, PublicKey
from api.sign_in.session import SignInRefused
from ledger.core.canonical import base64url
from ledger.core.instants import MINUTE, SECOND, Instant

SKEW: Final = 1 * MINUTE
"""How far the provider's clock may be from this one."""
_LARGEST: Final = 64 * 1024
_LONGEST_SUBJECT: Final = 255  # OpenID Connect Core 1.0, section 2: "sub"


@dataclass(frozen=True, slots=True)
class Expected:
    """What an ID token has to be: of whom, for whom, and for which sign-in, which began at ``began``."""

    issuer: str
    client_id: str
    nonce: str
    began: Instant


@dataclass(frozen=True, slots=True)
class IdToken:
    """An ID token in its parts. Nothing in it is to be believed before both checks."""

    signed: jws.CompactSignature
    algorithm: str
    kid: str | None
    claims: Mapping[str, Any]

    @classmethod
    def parse(cls, text: object) -> "IdToken":
        """Take a token apart; raises SignInRefused for what is no signed JWT, or signed as none may be."""
        if not isinstance(text, str) or len(text) > _LARGEST:
            raise refused("got none, wanted a signed JWT")
        try:
            signed = jws.extract_compact(text.encode())
            header, claims = signed.headers(), json.loads(signed.payload)
        except (JoseError, ValueError, RecursionError) as error:
            raise refused("got something else, wanted a signed JWT") from error
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise refused(f"alg: got another, wanted one of {', '.join(ALGORITHMS)}")
        if "crit" in header or str(header.get("typ", "JWT")).upper() != "JWT" or not isinstance(kid, str | None):
            raise refused("got a header that no ID token has, wanted alg, kid and typ JWT")
        if not isinstance(claims, dict):
            raise refused("got no claims, wanted a JSON object of them")
        return cls(signed, algorithm, kid, claims)

    def check_signature(self, key: PublicKey | None) -> None:
        """Raise SignInRefused unless this key signed it."""
        if key is None:
            raise refused("kid: got a key that the provider does not publish, wanted one of its key set")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # RFC 9864 renames EdDSA, which providers still say
            try:
                good = jws.validate_compact(self.signed, key, [self.algorithm])
            except (JoseError, ValueError):
                good = False
        if not good:
            raise refused("got a signature that does not fit, wanted the provider's")

    def check_claims(self, expected: Expected, access_token: object, now: Instant) -> None:
        """Raise SignInRefused unless it is of the provider, for this service, for this sign-in, and of now."""
        claims = self.claims
        _want(claims.get("iss") == expected.issuer, f"iss: got another issuer, wanted {expected.issuer}")
        # A further audience could have got the token from somebody else's sign-in, and shown it here.
        audience = claims.get("aud")
        _want(audience in (expected.client_id, [expected.client_id]), "aud: got another audience, wanted this service")
        _want(
            claims.get("azp", expected.client_id) == expected.client_id, "azp: got another party, wanted this service"
        )
        _want(_same(claims.get("nonce"), expected.nonce), "nonce: got another or none, wanted that of this sign-in")
        _want(_is_subject(claims.get("sub")), f"sub: got none, wanted 1 to {_LONGEST_SUBJECT} characters of ASCII")
        self._check_times(expected, now)
        if "at_hash" in claims:
            self._check_at_hash(access_token)

    def _check_times(self, expected: Expected, now: Instant) -> None:
        issued, ends = _instant(self.claims.get("iat")), _instant(self.claims.get("exp"))
        _want(ends is not None and ends > now - SKEW, "exp: got one that is over or none, wanted one ahead")
        _want(issued is not None and issued <= now + SKEW, "iat: got one that is ahead or none, wanted one of now")
        _want(
            issued is not None and issued >= expected.began - SKEW, "iat: got one before this sign-in, wanted a new one"
        )
        if "nbf" in self.claims:
            begins = _instant(self.claims["nbf"])
            _want(begins is not None and begins <= now + SKEW, "nbf: got one that is ahead, wanted one of now")
        # A provider that remembers somebody would let in whoever sits at a shared device.
        shown = _instant(self.claims.get("auth_time"))
        wanted = "auth_time: got one before this sign-in or none, wanted that the provider asked who it is"
        _want(shown is not None and shown >= expected.began - SKEW, wanted)

    def _check_at_hash(self, access_token: object) -> None:
        """OpenID Connect Core 1.0, section 3.1.3.6: half of the hash that goes with the algorithm."""
        digest = sha512 if self.algorithm in ("EdDSA", "Ed25519") else sha256
        text = access_token if isinstance(access_token, str) else ""
        half = digest(text.encode()).digest()[: digest().digest_size // 2]
        _want(_same(self.claims["at_hash"], base64url(half)), "at_hash: got that of another access token")


def refused(why: str) -> SignInRefused:
    """An ID token that is not believed."""
    return SignInRefused(
        "access_denied", f"id_token: {why}; begin again, and tell the service's keeper if that does not help"
    )


def _want(holds: bool, otherwise: str) -> None:
    if not holds:
        raise refused(otherwise)


def _same(got: object, wanted: str) -> bool:
    return isinstance(got, str) and hmac.compare_digest(got.encode("utf-8", "replace"), wanted.encode())


def _is_subject(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_SUBJECT and value.isascii() and value.isprintable()


def _instant(value: object) -> Instant | None:
    """A NumericDate (RFC 7519, section 2), which may have a fraction; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        return None
    return Instant(int(value * SECOND))
