"""A log of a few hundred entries, its keeper, and Ruth, the auditor, who mirrors it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import Result

from api.sign_in.key_file import KeyFile
from ledger.mirror import MirrorFolder
from tests.command_line.running import call
from tests.keyring import fixed_keyring
from tests.mirror.keeper import Keeper, history, serving

KEYRING = fixed_keyring()
SIZE = 600
RUTH = "00000000-0000-4000-8000-000000000007"


@dataclass
class Ruth:
    """An auditor with a key and the log's verifier keys, and a folder for a mirror."""

    here: Path

    @property
    def folder(self) -> MirrorFolder:
        return MirrorFolder(self.here / "mirror")

    @property
    def key(self) -> Path:
        return self.here / "ruth.jwk"

    @property
    def verifier(self) -> Path:
        return self.here / "verifier.txt"

    def words(self, keeper: Keeper, *more: str) -> list[str]:
        return ["mirror", keeper.url, str(self.folder.path), "--key", str(self.key), *more]

    def tries(self, keeper: Keeper, *more: str) -> Result:
        """Run the mirror once; however it ends."""
        given = () if self.folder.begun or "--verifier" in more else ("--verifier", str(self.verifier))
        return call(self.here, *self.words(keeper, *given, *more))

    def mirrors(self, keeper: Keeper, *more: str) -> str:
        """Run the mirror once; it must do."""
        done = self.tries(keeper, *more)
        assert done.exit_code == 0, done.output
        return done.stdout

    def assert_refused(self, keeper: Keeper, *sentences: str, code: int = 1) -> str:
        """Run the mirror, which must end with this code and say these things, and change nothing that is kept."""
        before = self.files()
        refused = self.tries(keeper)
        told = " ".join(refused.stderr.split())
        assert refused.exit_code == code, refused.output
        assert [sentence for sentence in sentences if sentence not in told] == [], told
        assert self.files() == before
        return told

    def files(self) -> dict[str, bytes]:
        """All files of the mirror but evidence."""
        root = self.folder.path
        found = {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}
        return {name: data for name, data in found.items() if not name.startswith("refused/")}

    def evidence(self) -> dict[str, bytes]:
        """What was kept as evidence, of one refusal."""
        [kept] = (self.folder.path / "refused").iterdir()
        return {file.name: file.read_bytes() for file in kept.iterdir()}


@pytest.fixture(scope="session")
def entries() -> list[bytes]:
    return history(KEYRING, SIZE)


@pytest.fixture
def keeper(entries: list[bytes]) -> Iterator[Keeper]:
    with serving(Keeper(KEYRING, list(entries), SIZE)) as served:
        yield served


@pytest.fixture
def ruth(tmp_path: Path) -> Ruth:
    KeyFile.fresh(RUTH, KEYRING.origin).write(tmp_path / "ruth.jwk")
    (tmp_path / "verifier.txt").write_text(str(KEYRING.log.verifier))
    return Ruth(tmp_path)
