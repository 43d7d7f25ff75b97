"""Sign-in at an OpenID provider: the authorization code flow (OpenID Connect Core 1.0, section 3.1) with PKCE.

What has to be remembered between leaving for the provider and coming back is in a cookie of that browser alone,
encrypted: nobody else's browser can finish what this one began. Each state is good once and for ten minutes. Nothing
that comes back is believed before all of it was checked (RFC 9700; RFC 9207 against a mix-up of providers).
"""

import asyncio
import hmac
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote_plus

import httpx2
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import AsyncOAuth2Client  # type: ignore[import-untyped]
from authlib.oauth2.auth import encode_client_secret_basic  # type: ignore[import-untyped]
from authlib.oauth2.rfc7523 import PrivateKeyJWT  # type: ignore[import-untyped]
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from api.sign_in.discovery import WITHIN, Discovery, Metadata, failed
from api.sign_in.id_token import Expected, IdToken
from api.sign_in.once import Once
from api.sign_in.place import Place
from api.sign_in.providers import Provider, algorithm_of
from api.sign_in.session import SignInRefused
from ledger.core.canonical import base64url
from ledger.core.instants import MINUTE, SECOND, Instant

LASTS: Final = 10 * MINUTE
"""How long somebody may take at the provider."""
Purpose = Literal["sign-in", "link", "invitation"]

_HEADER: Final = {"alg": "dir", "enc": "A256GCM"}
_ASSERTED_FOR: Final = 2 * MINUTE
_LARGEST: Final = 4096
"""Characters of one parameter of an answer, and of the cookie."""
_ERRORS: Final = {
    "access_denied": "you, or the provider, said no",
    "login_required": "the provider could not ask who you are",
    "temporarily_unavailable": "the provider cannot sign anybody in now",
    "server_error": "something is wrong at the provider",
}
_CLIENT_ERRORS: Final = ("invalid_client", "unauthorized_client", "invalid_request", "invalid_scope")
"""What the token endpoint says where the client is not configured as it should be (RFC 6749, section 5.2)."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """One sign-in under way; ``whom``: the session that links, or the ticket of the invitation that is accepted."""

    provider: str
    purpose: Purpose
    whom: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    began: Instant


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where a browser is sent, and the cookie that it takes along."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider has just vouched for, and what their claims let them act as at most."""

    issuer: str
    subject: str
    may_act_as: list[str]


@dataclass(slots=True)
class OpenId:
    """Sends people to their provider, and believes what they come back with, if all of it holds."""

    providers: Mapping[str, Provider]
    once: Once
    key: bytes
    clock: Callable[[], Instant]
    _discoveries: dict[str, Discovery] = field(default_factory=dict)
    _sealing: OctKey = field(init=False)

    def __post_init__(self) -> None:
        """Make what lasts as long as the service does."""
        self._sealing = OctKey.import_key(self.key)
        self._discoveries = {name: Discovery(one, self.clock) for name, one in self.providers.items()}

    async def leave(self, name: str, place: Place, purpose: Purpose, whom: str = "") -> Leaving:
        """Send a browser to a provider of this name, which must be there. Raises ProviderFailed."""
        provider, metadata = self.providers[name], await self._discoveries[name].metadata()
        state, nonce, verifier = _random(), _random(), _random()
        transaction = Transaction(
            name, purpose, whom, state, nonce, verifier, redirect_uri_of(place, name), self.clock()
        )
        client = self._client(provider)
        url, _ = client.create_authorization_url(
            metadata.authorization_endpoint,
            state=transaction.state,
            nonce=transaction.nonce,
            code_verifier=transaction.verifier,
            redirect_uri=transaction.redirect_uri,
            # On a shared device nobody may get in as whoever was at the provider before.
            prompt="login",
            max_age="0",
        )
        return Leaving(url, self._seal(transaction))

    async def arrive(
        self, name: str, answer: Sequence[tuple[str, str]], cookie: str | None
    ) -> tuple[Transaction, Vouched]:
        """Take what a browser came back with: the answer's parameters, and its cookie.

        Uses the state up, whatever comes of it. Raises SignInRefused, ProviderFailed.
        """
        transaction = self._open(cookie)
        parameters = _once_each(answer)
        _refuse_unless(transaction.provider == name, "state: got that of another provider, wanted this one's")
        _refuse_unless(_same(parameters.get("state"), transaction.state), "state: got that of another sign-in, or none")
        await self.once.use_name(transaction.state, "state", Instant(transaction.began + LASTS))
        provider, metadata = self.providers[name], await self._discoveries[name].metadata()
        _check_issuer(parameters, provider, metadata)
        if "error" in parameters:
            raise _refused(f"provider: {_ERRORS.get(parameters['error'], 'the provider refused')}")
        _refuse_unless(bool(parameters.get("code")), "code: got none, wanted one of the provider's")
        told = await self._exchange(provider, metadata, transaction, parameters["code"])
        token = IdToken.parse(told.get("id_token"))
        token.check_signature(await self._discoveries[name].key(token.algorithm, token.kid))
        expected = Expected(provider.issuer, provider.client_id, transaction.nonce, transaction.began)
        token.check_claims(expected, told.get("access_token"), self.clock())
        return transaction, Vouched(provider.issuer, token.claims["sub"], provider.allows(token.claims))

    async def _exchange(
        self, provider: Provider, metadata: Metadata, transaction: Transaction, code: str
    ) -> Mapping[str, Any]:
        """The provider's answer for a code (RFC 6749, section 4.1.3)."""
        try:
            async with asyncio.timeout(WITHIN), self._client(provider) as client:
                told: Mapping[str, Any] = await client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=transaction.verifier,
                    redirect_uri=transaction.redirect_uri,
                )
        except OAuthError as error:
            if error.error == "invalid_grant":
                raise _refused("code: got one that was used, is over, or is another sign-in's") from error
            said = error.error if error.error in _CLIENT_ERRORS else "an error"
            raise failed(provider, f"it answered this service with {said}") from error
        except (httpx2.HTTPError, TimeoutError, ValueError, TypeError, RecursionError) as error:
            raise failed(provider, f"{metadata.token_endpoint} did not answer ({type(error).__name__})") from error
        return told

    def _client(self, provider: Provider) -> AsyncOAuth2Client:
        """This service as the provider's client. A new one each time: it remembers tokens, and cookies."""
        method = "client_secret_basic" if provider.key is None else "private_key_jwt"
        client = AsyncOAuth2Client(
            provider.client_id,
            provider.secret if provider.key is None else provider.key,
            token_endpoint_auth_method=method,
            scope=" ".join(provider.scopes),
            code_challenge_method="S256",
            **self._discoveries[provider.name].client_options,
        )
        client.register_client_auth_method((method, self._authentication(provider)))
        return client

    def _authentication(self, provider: Provider) -> Callable[..., Any]:
        if provider.key is None:
            return _basic
        claims = {"exp": (self.clock() + _ASSERTED_FOR) // SECOND}
        header = {"kid": provider.key.kid or provider.key.thumbprint()}
        signing = PrivateKeyJWT(provider.audience, claims, header, algorithm_of(provider.key))
        return signing.__call__  # type: ignore[no-any-return]

    def _seal(self, transaction: Transaction) -> str:
        return jwe.encrypt_compact(_HEADER, json.dumps(asdict(transaction)).encode(), self._sealing)

    def _open(self, cookie: str | None) -> Transaction:
        """What this browser left with; raises SignInRefused for none, one too old, and one that was made elsewhere."""
        wanted = "state: got no sign-in that this browser began within ten minutes"
        _refuse_unless(cookie is not None and len(cookie) <= _LARGEST, wanted)
        try:
            sealed = jwe.decrypt_compact(cookie or "", self._sealing, [*_HEADER.values()])
            # Only this service can have sealed it, so the members are there.
            transaction = Transaction(**json.loads(sealed.plaintext or b""))
        except (JoseError, ValueError) as error:
            raise _refused(wanted) from error
        _refuse_unless(self.clock() < transaction.began + LASTS, wanted)
        return transaction


def redirect_uri_of(place: Place, name: str) -> str:
    """Where a provider sends people back to: each provider has a place of its own (RFC 9700, section 4.4.2.2)."""
    return f"{place.origin}/sign-in/oidc/{name}/callback"


def _basic(client: Any, method: str, uri: str, headers: Any, body: Any) -> Any:
    """RFC 6749, section 2.3.1: id and secret are form-encoded before they are joined, which Authlib leaves out."""
    encoded = _Encoded(quote_plus(client.client_id), quote_plus(client.client_secret))
    return encode_client_secret_basic(encoded, method, uri, headers, body)


@dataclass(frozen=True, slots=True)
class _Encoded:
    client_id: str
    client_secret: str


def _once_each(answer: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The parameters, none of them twice (RFC 6749, section 3.1), none of them too long."""
    parameters = dict(answer)
    _refuse_unless(len(parameters) == len(answer), "answer: got a parameter twice, wanted each once")
    _refuse_unless(all(len(value) <= _LARGEST for value in parameters.values()), "answer: got a parameter too long")
    return parameters


def _check_issuer(parameters: Mapping[str, str], provider: Provider, metadata: Metadata) -> None:
    """RFC 9207, section 2.4: an answer says who gave it, so that none can pass for another's."""
    issuer = parameters.get("iss")
    _refuse_unless(issuer is not None or not metadata.names_itself, "iss: got none, wanted that of the provider")
    _refuse_unless(issuer in (None, provider.issuer), "iss: got another provider's answer, wanted this one's")


def _refuse_unless(holds: bool, why: str) -> None:
    if not holds:
        raise _refused(why)


def _refused(why: str) -> SignInRefused:
    return SignInRefused("access_denied", f"{why}; begin again at the sign-in page")


def _random() -> str:
    """32 bytes; as a verifier, the 43 characters of RFC 7636, section 4.1."""
    return base64url(secrets.token_bytes(32))


def _same(got: str | None, wanted: str) -> bool:
    return got is not None and hmac.compare_digest(got.encode("utf-8", "surrogatepass"), wanted.encode())
