"""Recovery: a log whose newest entries are lost for good goes on under a new name.

For whoever does it: ``docs/how-to/recover-after-loss.md``.

Under the old name nothing may be signed any more: somebody holds a checkpoint of more than there is. So a new log is
opened on the same entries. They keep their positions; the first entry of the new log, ``log-continued/1``, commits to
the old log, to the size and root that were restored, and to its largest known checkpoint. It has fresh keys, and the
old ones' public part is kept to check what stands before.

What a crash means, step by step; the same command again goes on from there:

1. ``keys/continuing`` is made, with the new keys and what is known of the old log; it is put in its place by one
   rename. Before it, nothing has happened. After it, nobody but recovery opens the ledger.
2. Its files are put in their places: the earlier log, the keys of the new one, which replace the old; and the file of
   the highest checkpoint, which is the old log's, is removed. Then ``keys/continuing`` is.
3. ``log-continued/1`` is admitted. Until it is, the ledger does not open, because the database does not say so.
4. What was erased and came back with the backup is erased again.
"""

import asyncio
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from psycopg import AsyncConnection

from api.clock import clock
from api.continuity import (
    GUIDE,
    NEWEST,
    Known,
    Stored,
    check_continuity,
    is_continued,
    keeping_highest,
    read_highest,
    reading,
)
from api.continuity_witnesses import check_witnesses, largest_known
from api.earlier_logs import CONTINUING, keep_earlier_log, list_earlier_logs
from api.highest_checkpoint import NAME as HIGHEST
from api.highest_checkpoint import HighestCheckpoint
from api.log_key_files import NAMES, VERIFIER, make_first_pair
from api.secret_files import SecretsError, replace_text, sync_folder
from api.settings import Settings
from api.wiring import House, open_house
from ledger.core.checkpoint import open_note
from ledger.core.earlier import EarlierLog, check_chain
from ledger.core.errors import CoreError
from ledger.ledger import open_ledger
from ledger.store.errors import NotRecorded, WentBack
from ledger.use_cases.erasing import apply_erasures

_EARLIER: Final = "earlier.txt"
_ALONE_WITHIN: Final = 3.0
"""Seconds in which a connection that was just closed is still counted by PostgreSQL."""
_SESSIONS: Final = """
    select count(*) from pg_stat_activity
    where datname = current_database() and usename = current_user and pid <> pg_backend_pid()
"""


class RecoveryRefused(Exception):
    """The log is not continued under a new name: there is nothing to recover, or something is to be done first."""


@dataclass(frozen=True, slots=True)
class Best:
    """The most that is known of a log: a signed note, the largest size that anybody has seen, and who has."""

    note: bytes
    covers: int
    known: int
    who: str


@dataclass(frozen=True, slots=True)
class Recovered:
    """The log goes on as ``origin`` from the position ``begins_at``; keys of erased words destroyed again."""

    origin: str
    earlier: str
    begins_at: int
    destroyed_again: int


def recover(settings: Settings, origin: str, *, lost: int | None, checkpoint: bytes | None = None) -> Recovered:
    """Go on as the log ``origin``; finishes what was begun, where recovery was interrupted.

    ``settings`` name the log as it was. ``lost`` is the number of lost entries that the operator has confirmed,
    ``checkpoint`` a note of the old log that is larger than what this installation knows. Raises RecoveryRefused
    where the log is not behind, where the number is another, and while others are connected; else as opening a ledger.
    """
    begun = _under_way(settings.home)
    if begun is not None and begun.continued_as != origin:
        raise RecoveryRefused(f"a recovery as {begun.continued_as} was begun, got {origin}; finish that one first")
    if begun is None and _continued_as(settings.home) != origin:
        with open_house(settings) as house:
            begun = asyncio.run(_prepare(house, origin, lost, checkpoint))
        _stage(settings.home / "keys", begun)
    if begun is not None:
        _install(settings.home, begun)
    with open_house(settings.model_copy(update={"origin": origin})) as house:
        return asyncio.run(_finish(house, just_installed=begun is not None))


def _under_way(home: Path) -> EarlierLog | None:
    """The recovery that has not got beyond its second step; None for none."""
    file = home / "keys" / CONTINUING / _EARLIER
    try:
        return EarlierLog.parse(file.read_text())
    except FileNotFoundError:
        return None
    except (CoreError, UnicodeDecodeError) as error:
        raise SecretsError(f"{file}: {error}; restore it from your backup of the keys") from error


def _continued_as(home: Path) -> str | None:
    earlier = list_earlier_logs(home / "keys")
    return earlier[-1].continued_as if earlier else None


async def _prepare(house: House, origin: str, lost: int | None, checkpoint: bytes | None) -> EarlierLog:
    """What is left, held to what is known; nothing is changed."""
    await _check_alone(house)
    witnessed, witness = await largest_known(house, clock())
    async with reading(house.conninfo) as left:
        best = await _best(house, left, checkpoint)
        if witnessed > best.known:
            best = replace(best, known=witnessed, who=witness)
        await _check_behind(left, best)
        _check_confirmed(left, best, lost)
        earlier = EarlierLog(house.keyring.log.verifier, origin, left.edge.size, left.edge.root(), best.note)
    check_chain([*house.keyring.earlier, earlier], origin)
    if not house.vault.destroys and house.vault.noted():
        raise RecoveryRefused(
            "words were erased, and may have come back with the backup; set LEDGER_ERASER_URL, so that they are"
            " destroyed again"
        )
    return earlier


async def _best(house: House, left: Stored, checkpoint: bytes | None) -> Best:
    """The largest of the notes at hand: the database's own, the file's, and the one that was given."""
    row = await (await left.connection.execute(NEWEST, [house.keyring.begins_at])).fetchone()
    file = HighestCheckpoint(house.home, house.keyring.log.verifier)
    notes = {
        "the database's own newest checkpoint": None if row is None else bytes(row[0]),
        str(file.file): file.note(),
        "the checkpoint that was given": checkpoint,
    }
    opened = [(house.keyring.log.verifier.open_checkpoint(note).size, who, note) for who, note in notes.items() if note]
    if not opened:
        raise RecoveryRefused(f"{left}, and no checkpoint of it is known; name one with --checkpoint (see {GUIDE})")
    size, who, note = max(opened)
    return Best(note, size, size, who)


async def _check_behind(left: Stored, best: Best) -> None:
    """Raise RecoveryRefused unless the log is there, and behind; WentBack where it is not behind, but another."""
    if left.edge.size == 0:
        raise RecoveryRefused("the database is empty, so there is nothing to continue; restore a backup first")
    if best.covers <= left.edge.size:
        _, checkpoint = open_note(best.note)
        await left.check_begins_with(Known(best.who, checkpoint.size, checkpoint.root))
    if best.known <= left.edge.size:
        raise RecoveryRefused(f"nothing is lost: {left}, and nobody asked knows more; start the service")
    if best.covers < left.edge.size:
        raise RecoveryRefused(
            f"{left}, {best.who} knows {best.known:,}, and the largest checkpoint at hand covers {best.covers:,}; ask"
            f" for a newer one, of that witness or of a mirror, and name it with --checkpoint (see {GUIDE})"
        )


def _check_confirmed(left: Stored, best: Best, lost: int | None) -> None:
    entries = best.known - left.edge.size
    if lost != entries:
        note = f" Its keeper has the note of {best.known:,}: name it with --checkpoint." * (best.known > best.covers)
        raise RecoveryRefused(
            f"{left}, and {best.who} knows {best.known:,}: {entries:,} entries are lost, and what was admitted after"
            f" that is too. If there is no newer backup, confirm it with --yes-entries-are-lost {entries}.{note}"
        )


async def _check_alone(house: House) -> None:
    """Raise RecoveryRefused while anybody else is connected: a process of the old log would go on signing for it."""
    deadline = asyncio.get_running_loop().time() + _ALONE_WITHIN
    async with await AsyncConnection.connect(house.conninfo, autocommit=True, connect_timeout=5) as connection:
        while others := (await (await connection.execute(_SESSIONS)).fetchone() or (0,))[0]:
            if asyncio.get_running_loop().time() > deadline:
                raise RecoveryRefused(f"{others} others are connected to the database; stop the service, and try again")
            await asyncio.sleep(0.1)


def _stage(keys: Path, earlier: EarlierLog) -> None:
    """The first step: everything that will be put in place, in one directory that is there whole or not at all."""
    new = keys / f".{CONTINUING}.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    make_first_pair(new, earlier.continued_as)
    replace_text(new / _EARLIER, str(earlier))
    new.rename(keys / CONTINUING)
    sync_folder(keys)


def _install(home: Path, earlier: EarlierLog) -> None:
    """The second step: put it in place. May be repeated from any point of it."""
    keys = home / "keys"
    staged, done = keys / CONTINUING, keys / f".{CONTINUING}.done"
    keep_earlier_log(keys, earlier)
    for name in NAMES:
        for older in keys.glob(f"{name}.*.key"):
            older.unlink()
    for file in (*(staged / f"{name}.key" for name in NAMES), staged / VERIFIER):
        if file.exists():  # else it was put in place before a crash
            file.replace(keys / file.name)
    if HighestCheckpoint(home, earlier.verifier).is_of(earlier.origin):
        (home / HIGHEST).unlink()
    sync_folder(keys)
    sync_folder(home)
    shutil.rmtree(done, ignore_errors=True)
    staged.rename(done)  # ends the step; what it leaves behind is in nobody's way
    sync_folder(keys)
    shutil.rmtree(done)


async def _check_unsigned(house: House, earlier: EarlierLog) -> None:
    """Raise WentBack where the new log has signed already: begun anew it would show two histories under one name."""
    highest = read_highest(house)
    witnessed, who = await largest_known(house, clock())
    if highest is not None and highest.size > witnessed:
        witnessed, who = highest.size, highest.who
    if witnessed:
        raise WentBack(
            f"the database went back: it ends where {earlier.origin} was left, at {earlier.size:,} entries, but {who}"
            f" has {witnessed:,} of {earlier.continued_as}. Nothing was signed. Restore a backup made after the"
            f" recovery (see {GUIDE})"
        )


async def _finish(house: House, *, just_installed: bool) -> Recovered:
    """The third and fourth step, with the keys of the new log. May be repeated."""
    earlier = house.keyring.earlier[-1]
    await _check_alone(house)
    async with reading(house.conninfo) as stored:
        await stored.check_begins_with(Known(f"the log {earlier.origin} as it was left", earlier.size, earlier.root))
        said = await is_continued(stored, earlier)
        if not said and stored.edge.size != earlier.size:
            raise RecoveryRefused(f"{stored}, wanted {earlier.size:,} as when recovery began; restore that again")
    if said:
        # Under this name the log has signed before, so what is known of it counts as at every start.
        await check_continuity(house)
        await check_witnesses(house, clock())
    elif not just_installed:  # keys that were only now put in their places have signed nothing yet
        await _check_unsigned(house, earlier)
    async with (
        open_ledger(house.conninfo, house.keyring, clock, revive=house.revive, vault=house.vault) as ledger,
        keeping_highest(house, ledger),
    ):
        if not said and (answer := await ledger.continuation.say(earlier)).position != earlier.size:
            raise NotRecorded(f"log-continued: got position {answer.position}, wanted {earlier.size}; see {GUIDE}")
        destroyed = await apply_erasures(ledger)
    return Recovered(earlier.continued_as, earlier.origin, earlier.size, destroyed)
