"""No disclosure rests on a consent that was withdrawn before it, however many look while it changes."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from api.clock import clock
from ledger.core.said import Said
from ledger.disclosure import Disclosure
from ledger.ledger import Ledger, open_ledger
from ledger.replay import check_disclosure, read_past, shown_in
from ledger.store.errors import Conflict
from ledger.store.mapper import SealingMapper
from ledger.use_cases.sharing import Directing
from ledger.use_cases.trail import Asked
from tests.story import KEYRING, Story

READERS = 16
SECONDS = 5.0


@dataclass
class Seen:
    """What the readers were shown, while the patient could not make up her mind."""

    full: list[Disclosure] = field(default_factory=list)
    empty: list[Disclosure] = field(default_factory=list)
    busy: int = 0


async def look(ledger: Ledger, story: Story, seen: Seen) -> None:
    """Look again and again; a ledger that is too busy to record shows nothing."""
    while True:
        try:
            disclosure = await ledger.trail.open(story.sam, Asked(story.record, "shared-with-me"))
        except Conflict:
            seen.busy += 1
            continue
        (seen.full if disclosure.shown else seen.empty).append(disclosure)


async def toggle(ledger: Ledger, story: Story) -> int:
    """Share and withdraw in turn; gives how often."""
    sam, scope = {"kind": "person", "id": story.sam.person}, {"kind": "kind", "of": "plan"}
    until, n = asyncio.get_running_loop().time() + SECONDS, 0
    while asyncio.get_running_loop().time() < until:
        with contextlib.suppress(Conflict):
            shared = await ledger.sharing.direct(story.amina, story.record, Directing(sam, scope))
            await asyncio.sleep(0.02)
            while True:
                with contextlib.suppress(Conflict):
                    await ledger.sharing.withdraw(story.amina, story.record, str(shared.facts["directive"]))
                    break
            n += 1
    return n


def shared_before(position: int, facts: list[Said]) -> bool:
    """Counted by hand, without the fold: is the last directive said before this position a share?"""
    said = [one.type for one in facts if one.position < position and one.type.startswith("directive-")]
    return bool(said) and said[-1] == "directive-made/1"


async def test_sixteen_readers_in_two_processes_never_see_what_has_just_been_withdrawn(story: Story) -> None:
    plan, seen = await story.note("Walk every day.", kind="plan"), Seen()
    async with open_ledger(story.database.dsn(), KEYRING, clock) as other:
        ledgers = (story.ledger, other)
        readers = [asyncio.create_task(look(ledgers[n % 2], story, seen)) for n in range(READERS)]
        toggled = await toggle(other, story)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    assert toggled >= 5
    assert len(seen.full) > 5
    assert len(seen.empty) > 5

    facts = await read_past(story.ledger.rows, SealingMapper(KEYRING), story.record, story.sam.person)
    said = await story.ledger.read(0, await story.ledger.rows.size())
    looks = [one for one in said if one.type == "disclosure-made/1" and one.facts["viewer"] == story.sam.person]
    assert len(looks) >= len(seen.full) + len(seen.empty)
    for one in looks:
        shown = set(shown_in(one))
        assert shown == ({plan} if shared_before(one.position, facts) else set()), one.position
    for one in looks[:: max(1, len(looks) // 200)]:  # deriving folds everything before: a sample of them
        check_disclosure(one, facts)
    recorded = {one.position: set(shown_in(one)) for one in looks}
    for disclosure in (*seen.full, *seen.empty):
        assert recorded[disclosure.position] == {shown.item for shown in disclosure.shown}
    await story.assert_sound()


async def test_what_was_opened_before_a_withdrawal_is_shown_once_and_then_no_more(story: Story) -> None:
    """A look that was recorded first may still be answered; the next one finds nothing."""
    await story.note("Walk every day.", kind="plan")
    shared = await story.share({"kind": "kind", "of": "plan"})
    before = await story.opened(story.sam)
    withdrawn = await story.ledger.sharing.withdraw(story.amina, story.record, shared)
    after = await story.opened(story.sam)
    assert before.position < withdrawn.position < after.position
    assert (len(before.shown), after.shown, after.more) == (1, (), None)
