"""Deriving a ledger's disclosures again, reconciling what was opened, and keeping how far that was done."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.secret_files import replace_text
from ledger.ledger import Ledger
from ledger.openings import Reconciled, reconcile
from ledger.replaying.run import Replay, Replayed
from ledger.replaying.state import Derived, StateError, fingerprint, root_at
from ledger.store.mapper import SealingMapper

NAME: Final = "derived.json"
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DerivedFile:
    """The file in a home that says how far the ledger was derived again."""

    path: Path

    def read(self) -> Derived | None:
        """What was kept, if anything was. Raises StateError where it cannot be read."""
        try:
            return Derived.parse(self.path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise StateError(f"{self.path}: cannot be read ({error}); remove it") from error

    def keep(self, derived: Derived) -> None:
        """Keep this instead; a crash leaves what was there or this, never a part."""
        replace_text(self.path, derived.format())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be looked at: of one record or of all, from a position on, or everything there is.

    Nothing of it: what is new since the last run that found all right.
    """

    record: str | None = None
    since: int | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Audited:
    """What came of it: disclosures from position ``since`` on; ``openings`` is None where they were not looked at.

    ``remark`` says why everything was looked at where less was asked for.
    """

    since: int
    replayed: Replayed
    openings: Reconciled | None
    remark: str | None = None

    @property
    def ok(self) -> bool:
        """Was everything as derived, and everything that was opened accounted for?"""
        return self.replayed.ok and (self.openings is None or self.openings.ok)


@dataclass(frozen=True, slots=True)
class _Start:
    """From which position on, and after which opening."""

    since: int = 0
    openings: int = 0
    remark: str | None = None


async def audit(
    ledger: Ledger, kept: DerivedFile, wanted: Wanted, tell: Tell | None = None, tell_opened: Tell | None = None
) -> Audited:
    """Derive again what is wanted, and reconcile what was opened; each is told how much is done, and of how much.

    Differences are in the outcome. How far it came is kept where nothing was wrong and nothing left out.
    """
    until = await ledger.rows.size()
    start = await _start(ledger, kept, wanted)
    mapper = SealingMapper(ledger.keyring)
    replayed = await Replay(ledger.rows, mapper, until, record=wanted.record).run(start.since, tell)
    # An opening names its disclosure alone, so those of one record cannot be told from the others' without them.
    openings = (
        None if wanted.record else await reconcile(ledger.rows, mapper, after=start.openings, progress=tell_opened)
    )
    audited = Audited(start.since, replayed, openings, start.remark)
    if openings is not None and audited.ok and wanted.since is None:
        root = await root_at(ledger.rows, until)
        kept.keep(Derived(ledger.keyring.origin, until, root, fingerprint(), openings.last))
    return audited


async def _start(ledger: Ledger, kept: DerivedFile, wanted: Wanted) -> _Start:
    if wanted.since is not None:
        return _Start(wanted.since, await _opened_before(ledger, wanted.since))
    if wanted.everything or wanted.record is not None:
        return _Start()
    try:
        before = kept.read()
        if before is None:
            return _Start()
        await before.check_fits(ledger.rows, ledger.keyring.origin)
    except StateError as error:
        return _Start(remark=str(error))
    return _Start(before.size, before.openings)


async def _opened_before(ledger: Ledger, position: int) -> int:
    """The number of the last opening for a disclosure before a position: numbers ascend as positions do, nearly."""
    query = "select coalesce(min(n), 1) - 1 from ledger.opening where disclosure >= %s::bigint"
    return int((await ledger.rows.select(query, [position]))[0][0])
