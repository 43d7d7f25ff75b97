"""What an OpenID provider says about itself: its endpoints (OpenID Connect Discovery 1.0) and its keys (RFC 7517).

Fetched over TLS or on this machine, within a time, of a bounded size, through no redirect; kept for an hour. Keys are
fetched again, once for a sign-in, where an ID token names one that is not known: providers rotate theirs.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from api.sign_in.providers import SMALLEST_RSA, Provider, ProviderFailed, is_safe
from ledger.core.instants import MINUTE, SECOND, Instant

PublicKey = RSAKey | ECKey | OKPKey

_LARGEST: Final = 256 * 1024
"""Bytes of one answer of a provider."""
_STEP: Final = 5.0
"""Seconds for each step of an answer: connecting, and each piece that is read."""
WITHIN: Final = 10.0
"""Seconds for a whole answer."""
_KEPT_FOR: Final = 60 * MINUTE
_LEFT_ALONE_FOR: Final = 5 * SECOND
"""How long a provider that did not answer is not asked again."""
_FITS: Final[Mapping[str, tuple[str, str | None]]] = {
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
"""The algorithms that an ID token may be signed with, and the type and curve of the key of each."""
ALGORITHMS: Final = tuple(_FITS)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What of a discovery document is used; ``names_itself``: its answers carry ``iss`` (RFC 9207)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    names_itself: bool


@dataclass(slots=True)
class Discovery:
    """What one provider says about itself."""

    provider: Provider
    clock: Callable[[], Instant]
    _trusted: ssl.SSLContext = field(init=False)
    _metadata: Metadata | None = None
    _keys: tuple[Mapping[str, Any], ...] = ()
    _good_until: int = 0
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """Load whom the machine trusts, once."""
        self._trusted = ssl.create_default_context()

    @property
    def client_options(self) -> dict[str, Any]:
        """How an HTTP client asks this provider."""
        return {
            "timeout": _STEP,
            "verify": self._trusted,
            "headers": {"accept-encoding": "identity"},
            "follow_redirects": False,
            # On this machine through no proxy, for it must not leave it.
            "trust_env": self.provider.issuer.startswith("https:"),
            "event_hooks": {"response": [_bound]},
        }

    async def metadata(self) -> Metadata:
        """The provider's endpoints; raises ProviderFailed."""
        async with self._reading:
            if self.clock() >= self._good_until:
                # Whoever waits here behind a provider that does not answer is not made to wait for it once more.
                self._metadata, self._good_until = None, self.clock() + _LEFT_ALONE_FOR
                metadata = _parse(await self._get(_document_of(self.provider.issuer)), self.provider)
                self._keys = await self._fetched(metadata)
                self._metadata, self._good_until = metadata, self.clock() + _KEPT_FOR
            if self._metadata is None:
                raise failed(self.provider, "it did not answer a moment ago")
            return self._metadata

    async def key(self, algorithm: str, kid: str | None) -> PublicKey | None:
        """The key that a token names, for an algorithm; None where there is no such key. Raises ProviderFailed."""
        metadata = await self.metadata()
        found = _find(self._keys, algorithm, kid)
        if found is None:
            self._keys = await self._fetched(metadata)
            found = _find(self._keys, algorithm, kid)
        return found

    async def _fetched(self, metadata: Metadata) -> tuple[Mapping[str, Any], ...]:
        keys = (await self._get(metadata.jwks_uri)).get("keys")
        if not isinstance(keys, list):
            raise failed(self.provider, f"{metadata.jwks_uri} answered no key set (RFC 7517)")
        return tuple(key for key in keys if isinstance(key, dict))

    async def _get(self, url: str) -> dict[str, Any]:
        """The JSON object at a URL."""
        try:
            async with asyncio.timeout(WITHIN), httpx2.AsyncClient(**self.client_options) as http:
                answer = await http.get(url, headers={"accept": "application/json"})
                told = json.loads(answer.content) if answer.status_code == httpx2.codes.OK else None
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            raise failed(self.provider, f"{url} did not answer ({type(error).__name__})") from error
        except (ValueError, RecursionError) as error:
            raise failed(self.provider, f"{url} answered no JSON") from error
        if not isinstance(told, dict):
            raise failed(self.provider, f"{url} answered {answer.status_code}, and no JSON object")
        return told


@dataclass(slots=True)
class _Bounded(httpx2.AsyncByteStream):
    """The bytes of an answer, as long as they are not too many."""

    stream: httpx2.AsyncByteStream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self.stream:
            size += len(piece)
            if size > _LARGEST:
                raise httpx2.ReadError(f"got more than {_LARGEST} bytes")
            yield piece

    async def aclose(self) -> None:
        """Close what is read from."""
        await self.stream.aclose()


async def _bound(answer: httpx2.Response) -> None:
    """Bound an answer before it is read. A compressed one, which nobody asked for, could grow beyond any bound."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise httpx2.DecodingError("got a compressed answer")
    if not isinstance(answer.stream, httpx2.AsyncByteStream):
        raise httpx2.ReadError("got an answer that cannot be read in pieces")
    answer.stream = _Bounded(answer.stream)


def _document_of(issuer: str) -> str:
    """Where an issuer's discovery document is (OpenID Connect Discovery 1.0, section 4)."""
    return issuer.removesuffix("/") + "/.well-known/openid-configuration"


def _parse(told: Mapping[str, Any], provider: Provider) -> Metadata:
    if told.get("issuer") != provider.issuer:
        raise failed(provider, "its discovery document is of another issuer (Discovery 1.0, section 4.3)")
    # Without it, a code that was stolen on its way could be used by whoever stole it (RFC 9700, section 2.1.1).
    methods = told.get("code_challenge_methods_supported")
    if not isinstance(methods, list) or "S256" not in methods:
        raise failed(provider, "it does not say that it takes PKCE with S256 (RFC 7636)")
    return Metadata(
        _url(told, "authorization_endpoint", provider),
        _url(told, "token_endpoint", provider),
        _url(told, "jwks_uri", provider),
        told.get("authorization_response_iss_parameter_supported") is True,
    )


def _url(told: Mapping[str, Any], name: str, provider: Provider) -> str:
    url = told.get(name)
    if not isinstance(url, str) or not is_safe(url):
        raise failed(provider, f"its {name} is no URL with https, nor one on this machine")
    if provider.issuer.startswith("https:") and not url.startswith("https:"):
        raise failed(provider, f"its {name} is plain http, though its issuer has https")
    return url


def _find(keys: tuple[Mapping[str, Any], ...], algorithm: str, kid: str | None) -> PublicKey | None:
    """The key with this id, or the only one of the algorithm's type where the token names none."""
    family, curve = _FITS[algorithm]
    fitting = [
        key
        for key in keys
        if key.get("kty") == family
        and (curve is None or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) in _SAME.get(algorithm, (algorithm,))
        and (kid is None or key.get("kid") == kid)
    ]
    return _imported(fitting[0]) if len(fitting) == 1 else None


_SAME: Final = {"EdDSA": ("EdDSA", "Ed25519"), "Ed25519": ("EdDSA", "Ed25519")}
"""RFC 9864 renames EdDSA: with an Ed25519 key they are the same."""


def _imported(jwk: Mapping[str, Any]) -> PublicKey | None:
    public = {name: jwk[name] for name in ("kty", "crv", "n", "e", "x", "y") if name in jwk}
    try:
        key = import_key(public)
    except (JoseError, ValueError, TypeError):
        return None
    if isinstance(key, RSAKey) and key.raw_value.key_size < SMALLEST_RSA:
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None


def failed(provider: Provider, what: str) -> ProviderFailed:
    """What is told of a provider that does not do its part."""
    return ProviderFailed(f"{provider.label}: {what}; try again later, or sign in another way")
