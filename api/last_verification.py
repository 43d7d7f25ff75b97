"""What the last verification of the whole ledger found, kept in the ledger's home for the service to tell of.

Nobody signs the file: it says that somebody ran ``record-ledger verify``, and what that said. Who must be sure runs it.
"""

import importlib.metadata
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import orjson

from api.secret_files import replace_text
from ledger.core.instants import Instant, format_instant
from ledger.verify import Verification

NAME: Final = "last-verification.json"
VERSION: Final = 1
_MEMBERS: Final = {"at": str, "size": int, "since": int, "ok": bool, "contents": bool, "program": str}


class NotReadable(Exception):
    """The file is there, and is not what a verification keeps."""


@dataclass(frozen=True, slots=True)
class LastVerification:
    """When all of how many entries were looked at, by which version of the program, and whether all was sound.

    ``since``: entries before this position were verified by an earlier run. ``contents``: what is sealed was opened
    and looked at as well.
    """

    at: str
    size: int
    since: int
    ok: bool
    contents: bool
    program: str

    @classmethod
    def of(cls, outcome: Verification, at: Instant, *, contents: bool) -> Self:
        """What is kept of a verification that ended now."""
        program = importlib.metadata.version("record-ledger")
        return cls(format_instant(at), outcome.size, outcome.since, outcome.ok, contents, program)

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LastVerificationFile:
    """The file of a home, readable by its owner only."""

    path: Path

    @classmethod
    def of(cls, home: Path) -> Self:
        """That of a ledger's home."""
        return cls(home / NAME)

    def read(self) -> LastVerification | None:
        """What was kept; None where nothing ever was. Raises NotReadable."""
        try:
            told = orjson.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, orjson.JSONDecodeError) as error:
            raise NotReadable(f"{self.path}: cannot be read ({error}); run record-ledger verify again") from error
        members = {name: type(value) for name, value in told.items()} if isinstance(told, dict) else {}
        if members != {"v": int, **_MEMBERS} or told.pop("v") != VERSION:
            raise NotReadable(f"{self.path}: got other members than were written; run record-ledger verify again")
        return LastVerification(**told)

    def keep(self, verification: LastVerification) -> None:
        """Keep this instead; a crash leaves what was there or this, never a part."""
        kept = {"v": VERSION, **verification.as_json()}
        replace_text(self.path, orjson.dumps(kept).decode() + "\n", 0o600)
