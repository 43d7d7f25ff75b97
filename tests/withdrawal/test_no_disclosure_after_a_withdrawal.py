"""No disclosure rests on a consent that was withdrawn before it, however many look while it changes.

Sixteen readers in two processes look again and again while the patient, in a third, shares and takes back in every way
there is. Then everything is derived again. The same readers in a copy of the ledger whose guards are switched off do
see what was withdrawn, and deriving again finds it: so the test can fail.

For a minute, as the product promises it: WITHDRAWAL_SECONDS=60 pytest -n 0 tests/withdrawal
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import ledger as package
from ledger.core.instants import HOUR, Instant
from ledger.core.said import Said
from ledger.replaying.deriving import Difference
from ledger.replaying.run import Replay
from ledger.saying import Answer
from ledger.store.errors import Conflict
from ledger.store.mapper import SealingMapper
from ledger.use_cases.sharing import Directing
from tests.story import KEYRING, Story

SECONDS = float(os.environ.get("WITHDRAWAL_SECONDS", "4"))
FEWEST = 5
"""How often it is toggled, however long a busy machine takes for that."""
READERS_EACH = 8
ROOT = Path(__file__).parents[2]
PLANS = {"kind": "kind", "of": "plan"}


async def insist(say: Callable[[], Awaitable[Answer]]) -> Answer:
    """Say it until it is admitted: a busy record asks for patience."""
    while True:
        with contextlib.suppress(Conflict):
            return await say()


async def toggle(story: Story) -> int:
    """Take back what is shared, then share and take back, each time in another way; gives how often."""
    sharing, amina, record = story.ledger.sharing, story.amina, story.record
    await asyncio.sleep(0.5)  # everybody has looked by now, and remembers facts with the share
    await insist(lambda: sharing.stop(amina, record))
    sam = {"kind": "person", "id": story.sam.person}
    until, n = asyncio.get_running_loop().time() + SECONDS, 0
    while n < FEWEST or asyncio.get_running_loop().time() < until:
        together = n % 2 == 1
        directing = Directing(sam, PLANS, condition={"kind": "together"} if together else None)
        shared = await insist(lambda directing=directing: sharing.direct(amina, record, directing))  # type: ignore[misc]
        if together:
            ends = Instant(story.ledger.clock() + HOUR)
            await insist(lambda ends=ends: sharing.start_together(amina, record, story.sam.person, ends))  # type: ignore[misc]
        await asyncio.sleep(0.03)
        if n % 3 == 0:
            directive = str(shared.facts["directive"])
            await insist(lambda directive=directive: sharing.withdraw(amina, record, directive))  # type: ignore[misc]
        else:
            await insist(lambda: sharing.stop(amina, record))
        await asyncio.sleep(0.01)
        n += 1
    return n


@asynccontextmanager
async def readers(story: Story, path: Path) -> AsyncIterator[Process]:
    """A process with half of the readers, of the ledger that stands at a path."""
    command = [sys.executable, "-m", "tests.withdrawal.looking", story.database.dsn(), story.record, story.sam.person]
    place = {**os.environ, "PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    process = await asyncio.create_subprocess_exec(
        *command, str(READERS_EACH), stdin=PIPE, stdout=PIPE, cwd=path, env=place
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def look_and_toggle(story: Story, path: Path) -> dict[str, int]:
    """Let sixteen look while the patient toggles; gives how often they were shown something, or nothing."""
    await story.share(PLANS)
    async with readers(story, path) as one, readers(story, path) as other:
        toggled = await toggle(story)
        seen = [json.loads((await process.communicate(b""))[0]) for process in (one, other)]
    assert toggled >= FEWEST
    return {kind: sum(told[kind] for told in seen) for kind in ("full", "empty", "busy")}


async def derived_again(story: Story) -> tuple[int, list[Difference]]:
    """Every disclosure of the ledger derived again: how many there are, and what differs."""
    size = await story.ledger.rows.size()
    done = await Replay(story.ledger.rows, SealingMapper(KEYRING), size).run()
    assert done.different == len(done.differences) or done.differences
    return done.disclosures, done.differences


def shared_before(position: int, said: list[Said]) -> bool:
    """Counted by hand, without any fold: is the last thing said about sharing before this position still a share?

    The order is directive, then perhaps a session, then what takes them back; a directive that waits for a session
    shares nothing before it.
    """
    last = [one for one in said if one.position < position and one.type in _ABOUT_SHARING][-1:]
    if not last or last[0].type in ("directive-withdrawn/1", "sharing-stopped/1"):
        return False
    return last[0].type == "together-started/1" or last[0].facts["condition"] is None


_ABOUT_SHARING = frozenset({"directive-made/1", "directive-withdrawn/1", "sharing-stopped/1", "together-started/1"})


async def test_sixteen_readers_in_two_processes_never_see_what_was_taken_back(story: Story) -> None:
    plan = await story.note("Walk every day.", kind="plan")
    seen = await look_and_toggle(story, ROOT)
    assert min(seen["full"], seen["empty"]) > 5
    disclosures, differences = await derived_again(story)
    assert disclosures >= seen["full"] + seen["empty"]
    assert differences == []
    said = await story.ledger.read(0, await story.ledger.rows.size())
    about_sharing = [one for one in said if one.type in _ABOUT_SHARING]
    for look in (one for one in said if one.type == "disclosure-made/1" and one.facts["viewer"] == story.sam.person):
        shown = [item for group in look.facts["permitted"] for item in group["items"]]
        assert shown == ([plan] if shared_before(look.position, about_sharing) else []), look.position


async def test_with_the_guards_switched_off_the_same_readers_do_and_deriving_again_finds_it(
    story: Story, tmp_path: Path
) -> None:
    await story.note("Walk every day.", kind="plan")
    await look_and_toggle(story, without_guards(tmp_path))
    _, differences = await derived_again(story)
    after = [one for one in differences if one.viewer == story.sam.person and one.derived.outcome == "denied"]
    assert after
    assert {one.recorded.rule for one in after} == {"shared"}
    assert {one.derived.rule for one in after} <= {"no-consent", "condition-not-met"}


def without_guards(folder: Path) -> Path:
    """A copy of the ledger that admits a disclosure whatever has changed since it was decided."""
    copy = folder / "tampered"
    copy.mkdir()
    for name in ("ledger", "projections", "api", "tests"):
        shutil.copytree(
            Path(package.__file__).parents[1] / name, copy / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    _edit(copy / "ledger/store/admission.sql", "coalesce(now.version, 0) <> g.version", "false")
    _edit(
        copy / "ledger/store/batch.py",
        "if subject in self.bumped or self.guards.get(subject, version) != version:",
        "if False:",
    )
    _edit(copy / "ledger/store/batch.py", "self.recorded_at >= request.valid_until", "False")
    return copy


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


async def test_what_was_opened_before_a_withdrawal_is_shown_once_and_then_no_more(story: Story) -> None:
    """A look that was recorded first may still be answered; the next one finds nothing."""
    await story.note("Walk every day.", kind="plan")
    shared = await story.share(PLANS)
    before = await story.opened(story.sam)
    withdrawn = await story.ledger.sharing.withdraw(story.amina, story.record, shared)
    after = await story.opened(story.sam)
    assert before.position < withdrawn.position < after.position
    assert (len(before.shown), after.shown, after.more) == (1, (), None)
