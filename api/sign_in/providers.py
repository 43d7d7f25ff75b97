"""OpenID providers: those whose word on who somebody is the service takes, from the file of ``LEDGER_SIGN_IN``.

What a provider's claims allow is an upper bound on what a session may act as. What somebody may really do is decided
from the facts of the ledger alone: no claim grants a role.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from api.settings import SettingsError
from ledger.core.terms import ACTING_AS

PrivateKey = RSAKey | ECKey | OKPKey

SIGNED_WITH: Final[Mapping[str, str]] = {"RSA": "PS256", "P-256": "ES256", "Ed25519": "EdDSA"}
"""The algorithm of a client's key, by the key's type or curve."""
SMALLEST_RSA: Final = 2048
_LONGEST: Final = 512
_PARAMETER: Final = r"^[!#-\[\]-~]+$"  # RFC 6749, appendix A.4: one scope token


class ProviderFailed(Exception):
    """The provider does not answer, or not as OpenID Connect has it: nobody's sign-in, and nobody's fault who tries."""


def _role(role: str) -> str:
    if role not in ACTING_AS or role == "service":
        raise ValueError(f"got {role!r}, wanted one of {', '.join(ACTING_AS[:-1])}")
    return role


Parameter = Annotated[str, StringConstraints(pattern=_PARAMETER, max_length=_LONGEST)]
Named = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST)]
Role = Annotated[str, AfterValidator(_role)]


@dataclass(frozen=True, slots=True)
class Rule:
    """Whoever has one of these values of a claim may act as one of these."""

    claim: str
    values: frozenset[str]
    acting_as: tuple[str, ...]

    def holds(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claim is one of the values, or a list with one of them in it."""
        said = claims.get(self.claim)
        found = said if isinstance(said, list) else [said]
        return any(isinstance(value, str) and value in self.values for value in found)


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider, and this service as its client; either ``secret`` or ``key`` is there.

    ``audience``: what the client's assertions are for.
    """

    name: str
    label: str
    issuer: str
    client_id: str
    scopes: tuple[str, ...]
    rules: tuple[Rule, ...]
    audience: str
    secret: str | None = field(default=None, repr=False)
    key: PrivateKey | None = field(default=None, repr=False)

    def allows(self, claims: Mapping[str, Any]) -> list[str]:
        """What somebody with these claims may act as at most, in the order of ``ACTING_AS``."""
        allowed = {role for rule in self.rules if rule.holds(claims) for role in rule.acting_as}
        return [role for role in ACTING_AS if role in allowed]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Rule(_Model):
    claim: Named
    values: Annotated[list[Named], Field(min_length=1)]
    acting_as: Annotated[list[Role], Field(min_length=1)]


class _Provider(_Model):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    label: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    issuer: Named
    client_id: Annotated[str, StringConstraints(pattern=r"^[ -~]+$", max_length=_LONGEST)]
    client_secret_file: Named | None = None
    key_file: Named | None = None
    scopes: list[Parameter] = ["openid"]
    claims: Annotated[list[_Rule], Field(min_length=1)]
    audience: Named | None = None


class _File(_Model):
    provider: Annotated[list[_Provider], Field(min_length=1)]


def read_providers(file: Path) -> dict[str, Provider]:
    """The providers of a TOML file, by name; raises SettingsError saying what is wrong, and where."""
    try:
        told = _File.model_validate(tomllib.loads(file.read_text("utf-8")))
        providers = [_provider(one, file.parent) for one in told.provider]
        _check_apart([one.name for one in providers], "name")
        _check_apart([one.issuer for one in providers], "issuer")
    except ValidationError as error:
        faults = "; ".join(f"{_place(fault['loc'])}: {fault['msg']}" for fault in error.errors(include_url=False))
        raise _wrong(file, faults) from None
    except (OSError, ValueError) as error:
        raise _wrong(file, str(error)) from error
    return {one.name: one for one in providers}


def is_safe(url: str) -> bool:
    """Whether nobody between here and there can change what a URL answers: https, or this machine itself."""
    try:
        parts = urlsplit(url)
        plain = parts.username is None and parts.password is None and not parts.fragment and parts.port != 0
    except ValueError:
        return False
    host = parts.hostname or ""
    return bool(host) and plain and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _provider(told: _Provider, folder: Path) -> Provider:
    where = f"provider {told.name}"
    if not is_safe(told.issuer) or urlsplit(told.issuer).query:
        raise ValueError(f"{where}: issuer: got {told.issuer!r}, wanted https://…, or http:// on this machine")
    if "openid" not in told.scopes:
        raise ValueError(f"{where}: scopes: wanted openid among them, or it is no OpenID sign-in")
    if (told.client_secret_file is None) == (told.key_file is None):
        raise ValueError(f"{where}: wanted either client_secret_file or key_file")
    secret = None if told.client_secret_file is None else _secret(folder / told.client_secret_file, where)
    key = None if told.key_file is None else _key(folder / told.key_file, where)
    rules = tuple(Rule(rule.claim, frozenset(rule.values), tuple(rule.acting_as)) for rule in told.claims)
    return Provider(
        told.name,
        told.label,
        told.issuer,
        told.client_id,
        tuple(told.scopes),
        rules,
        told.audience or told.issuer,
        secret,
        key,
    )


def _secret(file: Path, where: str) -> str:
    secret = _owners_own(file, where).strip()
    if not re.fullmatch(r"[ -~]+", secret):
        raise ValueError(f"{where}: {file}: wanted one line of printable ASCII, the client's secret")
    return secret


def _key(file: Path, where: str) -> PrivateKey:
    text = _owners_own(file, where)
    wanted = "wanted a private key, PEM or JWK: RSA of 2048 bits or more, P-256 or Ed25519"
    try:
        key = _jwk(text) if text.lstrip().startswith("{") else _pem(text)
    except (JoseError, ValueError, TypeError) as error:
        raise ValueError(f"{where}: {file}: {wanted}") from error
    if not key.is_private or algorithm_of(key) is None:
        raise ValueError(f"{where}: {file}: {wanted}")
    return key


def algorithm_of(key: PrivateKey) -> str | None:
    """The algorithm that a key signs with here; None where it is too weak or of another curve."""
    if isinstance(key, RSAKey):
        return SIGNED_WITH["RSA"] if key.raw_value.key_size >= SMALLEST_RSA else None
    return SIGNED_WITH.get(key.curve_name)


def _jwk(text: str) -> PrivateKey:
    key = import_key(json.loads(text))
    if not isinstance(key, RSAKey | ECKey | OKPKey):
        raise TypeError("a secret is no private key")
    return key


def _pem(text: str) -> PrivateKey:
    for family in (RSAKey, ECKey, OKPKey):
        try:
            return family.import_key(text)
        except (JoseError, ValueError, TypeError):
            continue
    raise ValueError("no private key of a family that is known")


def _owners_own(file: Path, where: str) -> str:
    if file.stat().st_mode & 0o077:
        raise ValueError(f"{where}: {file}: got permissions for others, wanted 0600; run chmod 600 on it")
    return file.read_text("utf-8")


def _check_apart(values: Sequence[str], what: str) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"{what}: got {twice[0]!r} twice, wanted each provider once")


def _place(location: tuple[int | str, ...]) -> str:
    """Where in the file a fault is, people's way: the first provider is provider 1."""
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in location)


def _wrong(file: Path, why: str) -> SettingsError:
    return SettingsError(f"LEDGER_SIGN_IN: {file}: {why}. Correct the file, or unset it, and start again.")
