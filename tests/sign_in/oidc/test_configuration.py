"""The file of OpenID providers: what is read from it, and each fault that it may have, told at the start."""

import json
import re
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from api.settings import SettingsError
from api.sign_in.providers import _Provider, _Rule, algorithm_of, read_providers

DOCS = Path(__file__).parents[3] / "docs"
GOOD = """
[[provider]]
name = "national"
label = "National login"
issuer = "https://login.example/realm"
client_id = "record-ledger"
client_secret_file = "secret.txt"
scopes = ["openid", "profile"]

[[provider.claims]]
claim = "level"
values = ["P9"]
acting_as = ["carer", "patient"]

[[provider.claims]]
claim = "roles"
values = ["clinician", "nurse"]
acting_as = ["clinician"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a client's secret and key in it."""
    (tmp_path / "secret.txt").write_text("a secret\n")
    (tmp_path / "key.pem").write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    for file in tmp_path.iterdir():
        file.chmod(0o600)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    file = folder / "sign-in.toml"
    file.write_text(text)
    return file


def test_a_file_is_read(folder: Path) -> None:
    [provider] = read_providers(written(folder, GOOD)).values()
    assert (provider.name, provider.issuer, provider.secret) == ("national", "https://login.example/realm", "a secret")
    assert (provider.scopes, provider.audience, provider.key) == (("openid", "profile"), provider.issuer, None)
    assert "a secret" not in repr(provider)


@pytest.mark.parametrize(
    ("claims", "allowed"),
    [
        ({"level": "P9"}, ["patient", "carer"]),
        ({"level": "P9", "roles": ["staff", "nurse"]}, ["patient", "clinician", "carer"]),
        ({"level": ["P9"]}, ["patient", "carer"]),
        ({"roles": "clinician"}, ["clinician"]),
        ({"level": "P5"}, []),
        ({"level": None}, []),
        ({"level": True}, []),
        ({"level": {"P9": 1}}, []),
        ({"levels": "P9"}, []),
        ({}, []),
    ],
)
def test_claims_allow_what_the_rules_say_and_nothing_else(
    folder: Path, claims: dict[str, object], allowed: list[str]
) -> None:
    assert read_providers(written(folder, GOOD))["national"].allows(claims) == allowed


FAULTS: dict[str, tuple[str, str, str]] = {
    "no TOML": (GOOD, "[[provider", "Expected ']]'"),
    "no provider": (GOOD, "", "provider: Field required"),
    "a member that is not known": ('label = "', 'colour = "blue"\nlabel = "', "provider.1.colour: Extra inputs"),
    "a name that is no part of a path": ('"national"', '"National login"', "provider.1.name: String should match"),
    "no claims": (GOOD[GOOD.index("\n[[provider.claims") :], "", "provider.1.claims: Field required"),
    "a role that is not known": (
        '["clinician"]',
        '["doctor"]',
        "provider.1.claims.2.acting_as.1: Value error, got 'doctor'",
    ),
    "the service's own role": ('["clinician"]', '["service"]', "got 'service', wanted one of patient, clinician"),
    "a plain issuer": ("https:", "http:", "issuer: got 'http://login.example/realm', wanted https://"),
    "an issuer with a query": ("/realm", "/?realm=1", "issuer: got"),
    "an issuer with a password": ("https://", "https://a:b@", "issuer: got"),
    "an issuer that is none": ("https://login.example/realm", "https://[login", "issuer: got"),
    "no openid": ('"openid", ', "", "scopes: wanted openid among them"),
    "a scope that is two": ('"profile"', '"profile email"', "provider.1.scopes.2: String should match"),
    "neither secret nor key": ('client_secret_file = "secret.txt"', "", "wanted either client_secret_file or key_file"),
    "both": ("client_secret_file", 'key_file = "key.pem"\nclient_secret_file', "wanted either client_secret_file or"),
    "no secret there": ("secret.txt", "lost.txt", "No such file"),
    "a secret of two lines": ("secret.txt", "key.pem", "wanted one line of printable ASCII"),
    "no key": ('client_secret_file = "secret.txt"', 'key_file = "secret.txt"', "wanted a private key, PEM or JWK"),
    "twice the same": (GOOD, GOOD + GOOD, "name: got 'national' twice"),
    "two of one issuer": (GOOD, GOOD + GOOD.replace('"national"', '"other"'), "issuer: got 'https://login"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_with_its_place(folder: Path, name: str) -> None:
    old, new, because = FAULTS[name]
    file = written(folder, GOOD.replace(old, new, 1))
    with pytest.raises(SettingsError) as told:
        read_providers(file)
    assert str(told.value).startswith(f"LEDGER_SIGN_IN: {file}: ")
    assert because in str(told.value)
    assert str(told.value).endswith("Correct the file, or unset it, and start again.")


def test_a_secret_that_others_may_read_is_refused(folder: Path) -> None:
    (folder / "secret.txt").chmod(0o640)
    with pytest.raises(SettingsError, match="got permissions for others, wanted 0600; run chmod 600"):
        read_providers(written(folder, GOOD))


KEYS = {
    "P-256": (lambda: ECKey.generate_key("P-256"), "ES256"),
    "Ed25519": (lambda: OKPKey.generate_key("Ed25519"), "EdDSA"),
    "RSA": (lambda: RSAKey.generate_key(2048), "PS256"),
    "P-384": (lambda: ECKey.generate_key("P-384"), None),
    "Ed448": (lambda: OKPKey.generate_key("Ed448"), None),
    "a short RSA": (lambda: RSAKey.generate_key(1024), None),
    "a secret": (lambda: OctKey.generate_key(256), None),
}


@pytest.mark.filterwarnings("ignore:Key size should be >= 2048 bits")
@pytest.mark.parametrize("name", KEYS)
def test_keys_of_three_kinds_are_taken(folder: Path, name: str) -> None:
    make, algorithm = KEYS[name]
    key = make()
    texts = [json.dumps(key.as_dict(private=True))]
    texts += [] if isinstance(key, OctKey) else [key.as_pem(private=True).decode()]
    for text in texts:
        (folder / "key.pem").write_text(text)
        file = written(folder, GOOD.replace('client_secret_file = "secret.txt"', 'key_file = "key.pem"'))
        if algorithm is None:
            with pytest.raises(SettingsError, match="RSA of 2048 bits or more, P-256 or Ed25519"):
                read_providers(file)
        else:
            provider = read_providers(file)["national"]
            assert provider.key is not None
            assert (algorithm_of(provider.key), provider.secret) == (algorithm, None)


def test_a_public_key_is_refused(folder: Path) -> None:
    (folder / "key.pem").write_bytes(ECKey.generate_key("P-256").as_pem(private=False))
    file = written(folder, GOOD.replace('client_secret_file = "secret.txt"', 'key_file = "key.pem"'))
    with pytest.raises(SettingsError, match="wanted a private key"):
        read_providers(file)


def test_a_file_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        read_providers(folder / "none.toml")


def test_the_file_of_the_guide_is_good(folder: Path) -> None:
    [text] = re.findall(r"```toml\n(.*?)```", (DOCS / "how-to" / "sign-in-with-openid.md").read_text(), re.DOTALL)
    (folder / "key.pem").rename(folder / "national.pem")
    [provider] = read_providers(written(folder, text)).values()
    assert provider.allows({"identity_proofing_level": "P9"}) == ["patient", "carer"]


def test_the_reference_tells_every_member_of_the_file() -> None:
    told = (DOCS / "reference" / "openid.md").read_text()
    for model in (_Provider, _Rule):
        assert not [name for name in model.model_fields if f"`{name}`" not in told and f"provider.{name}" not in told]
