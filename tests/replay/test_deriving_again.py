"""Every disclosure of a random life derives again; one that was wrong is found and named, whatever hides it."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger.core.decisions import Decision, Deny, Facts, Permit, Request
from ledger.core.instants import MINUTE, Instant, format_instant
from ledger.core.policy import POLICIES, Judge, judge_of
from ledger.core.said import Said
from ledger.domain.errors import NotAllowed
from ledger.ledger import Ledger
from ledger.replay import Past, read_past
from ledger.replaying import deriving
from ledger.replaying.deriving import JUDGES, differences, request_of, shown_in
from ledger.replaying.past import PastReader
from ledger.replaying.run import Replay, Replayed
from ledger.store.mapper import SealingMapper
from ledger.use_cases import trail
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from ledger.use_cases.trail import Asked
from tests.replay.conftest import Lived
from tests.story import KEYRING

MAPPER = SealingMapper(KEYRING)
Bug = Callable[[Decision], Decision | None]


async def replayed(ledger: Ledger, since: int = 0, **how: Any) -> Replayed:
    return await Replay(ledger.rows, MAPPER, await ledger.rows.size(), **how).run(since)


async def test_every_disclosure_of_a_random_life_derives_again(lived: Lived) -> None:
    async with lived.opened() as ledger:
        done = await replayed(ledger)
        looks = await lived.disclosures(ledger)
    assert done.ok, done.differences
    assert (done.disclosures, done.refusals) == (lived.looks, lived.refused)
    assert done.decisions == sum(len(shown_in(look)) for look in looks) > lived.looks
    assert lived.refused > 10


async def test_the_facts_read_in_pages_and_dropped_and_read_again_are_those_of_all_statements(lived: Lived) -> None:
    """Two readers, one of which can hold nothing, beside a fold over every statement before the position."""
    async with lived.opened() as ledger:
        size = await ledger.rows.size()
        held, dropping = (
            PastReader(ledger.rows, MAPPER, size),
            PastReader(ledger.rows, MAPPER, size, largest=1, read_ahead=3),
        )
        told: dict[str, list[Said]] = {}
        looks = await lived.disclosures(ledger)
        for look in looks[:: max(1, len(looks) // 60)]:
            viewer = look.facts["viewer"]
            if viewer not in told:
                told[viewer] = await read_past(ledger.rows, MAPPER, lived.record, viewer)
            past = Past.of(told[viewer], lived.record, viewer, look.position)
            wanted = past.could_see(request_of(look), policy=1)
            for reader in (held, dropping):
                facts = await reader.facts(lived.record, viewer, look.position)
                assert replace(past, facts=facts).could_see(request_of(look), policy=1) == wanted


async def test_positions_may_be_asked_for_in_any_order(lived: Lived) -> None:
    async with lived.opened() as ledger:
        reader = PastReader(ledger.rows, MAPPER, await ledger.rows.size())
        looks = [look for look in await lived.disclosures(ledger) if look.facts["refused"] is None]
        for look in (looks[-1], looks[0], looks[len(looks) // 2]):
            facts = await reader.facts(lived.record, look.facts["viewer"], look.position)
            assert differences(look, facts) == []


class Wrong(Judge):
    """A judge with a bug: what ``bug`` says goes where it says anything."""

    def __init__(self, judge: Judge, bug: Bug) -> None:
        super().__init__(judge.whole)
        self._judge, self._bug = judge, bug

    def __call__(self, item_id: str) -> Decision:
        decision = self._judge(item_id)
        return self._bug(decision) or decision


def with_bug(bug: Bug) -> Callable[[Facts, Request], Judge]:
    return lambda facts, request: Wrong(judge_of(facts, request), bug)


def permits_all(decision: Decision) -> Decision | None:
    return Permit("shared", (7,)) if isinstance(decision, Deny) else None


def forgets_care(decision: Decision) -> Decision | None:
    return Deny("no-relationship", (3,)) if decision.rule == "direct-care" else None


async def test_a_service_that_showed_a_carer_what_nobody_shared_is_found_with_both_evidences(
    copied: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with copied.opened() as ledger:
        before = await ledger.rows.size()
        secret = (await ledger.items.add(copied.okafor, copied.record, Draft("flag", "Is she safe?"))).facts["item"]
        with monkeypatch.context() as hole:
            hole.setattr(trail, "judge_of", with_bug(permits_all))
            wrong = await ledger.trail.open(copied.sam, Asked(copied.record, "shared-with-me", limit=200))
        await ledger.trail.open(copied.sam, Asked(copied.record, "shared-with-me", limit=200))
        done, since = await replayed(ledger), await replayed(ledger, before)
    assert {difference.position for difference in done.differences} == {wrong.position}
    [named] = [one for one in done.differences if one.what == f"item {secret}"]
    assert (named.record, named.viewer) == (copied.record, copied.sam.person)
    assert str(named.recorded) == "permitted by shared on 7"
    assert str(named.derived) == "denied by flag"
    assert str(named) == (
        f"disclosure at position {wrong.position}, item {secret}: got permitted by shared on 7 as recorded, wanted"
        " denied by flag as derived again; show both evidences to the guardian"
    )
    assert since.differences == done.differences
    assert since.disclosures == 2


async def test_a_policy_that_was_changed_without_a_new_version_is_found_at_each_decision(
    lived: Lived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the same is found by a reader of the past that can hold nothing."""
    monkeypatch.setattr(deriving, "JUDGES", {1: with_bug(forgets_care)})
    async with lived.opened() as ledger:
        looks = await lived.disclosures(ledger)
        done, forgetful = await replayed(ledger), await replayed(ledger, looks[-40].position, largest=1)
    by_care = [
        (look.position, item) for look in looks for item, (rule, _) in shown_in(look).items() if rule == "direct-care"
    ]
    assert len(by_care) > 20
    assert done.different == len(by_care)
    assert [(one.position, one.what) for one in done.differences] == [(at, f"item {item}") for at, item in by_care][
        :1000
    ]
    assert {str(one.derived) for one in done.differences} == {"denied by no-relationship on 3"}
    assert forgetful.differences == [one for one in done.differences if one.position >= looks[-40].position]


async def test_only_one_record_or_only_from_a_position_on(lived: Lived) -> None:
    async with lived.opened() as ledger:
        looks = await lived.disclosures(ledger)
        none = await replayed(ledger, record="00000000-0000-4000-8000-000000000000")
        of_it = await replayed(ledger, record=lived.record)
        late = await replayed(ledger, looks[-10].position)
    assert (none.disclosures, none.decisions) == (0, 0)
    assert of_it.disclosures == lived.looks
    assert late.disclosures == 10
    assert late.decisions == sum(len(shown_in(look)) for look in looks[-10:])


async def test_facts_that_were_altered_are_differences_and_what_does_not_rest_on_them_is_still_derived(
    copied: Lived,
) -> None:
    async with copied.opened() as ledger:
        looks = await copied.disclosures(ledger)
        [late] = await ledger.rows.read_log(looks[-40].position, 1, types=["item-added/1"])
        copied.tamper(
            "update ledger.entry set facts = set_byte(facts, 20, get_byte(facts, 20) # 1) where position = %s",
            late.position,
        )
        copied.tamper("update ledger.entry set facts = 'spoiled' where position = %s", looks[0].position)
        done = await replayed(ledger)
    after = {look.position for look in looks if look.position > late.position}
    assert done.disclosures == copied.looks
    first, *rest = done.differences
    assert (first.position, first.what) == (looks[0].position, "the disclosure")
    assert {one.what for one in rest} == {"facts"}
    assert after <= {one.position for one in rest} < {look.position for look in looks[copied.looks // 2 :]}
    assert "cannot be read (facts from position" in str(rest[0].derived)


@pytest.mark.parametrize("statement", [
    "delete from ledger.fact where position = {at}",
    "update ledger.fact set position = {at} + 1 where position = {at}",
    "delete from ledger.entry where position = {at}",
])  # fmt: skip
async def test_a_fact_that_the_index_does_not_lead_to_is_missed(copied: Lived, statement: str) -> None:
    """Somebody hides a withdrawal from those who decide, and from whoever derives again."""
    async with copied.opened() as ledger:
        looks = await copied.disclosures(ledger)
        [withdrawn] = await ledger.rows.read_log(0, 1, types=["directive-withdrawn/1"])
        copied.tamper(statement.format(at=withdrawn.position))
        done = await replayed(ledger)
    assert {one.what for one in done.differences} == {"facts"}
    after = {look.position for look in looks if look.position > withdrawn.position + 5}  # where it is noticed at last
    assert len(after) > 50
    assert after <= {one.position for one in done.differences}


def changed(look: Said, **facts: Any) -> Said:
    return replace(look, facts={**look.facts, **facts})


WRONG: dict[str, tuple[Callable[[Said], Said], str, str]] = {
    "it names a fact that is not before it": (
        lambda look: changed(look, as_of=look.position), "as_of", "a position before",
    ),
    "it was decided for an instant after it was recorded": (
        lambda look: changed(look, at=format_instant(Instant(look.recorded_at + MINUTE))), "at", "no later than",
    ),
    "its time was over when it was recorded": (
        lambda look: changed(look, valid_until=format_instant(look.recorded_at)),
        "valid_until", "after it was recorded",
    ),
    "an item is shown twice": (
        lambda look: changed(look, permitted=[*look.facts["permitted"], *look.facts["permitted"]]),
        "item", "shown once",
    ),
    "it names a version of the policy that never was": (
        lambda look: changed(look, policy=77), "policy", "one of version 1",
    ),
    "it was refused and shows something": (
        lambda look: changed(look, refused="no-role"), "the whole record", "opened",
    ),
    "it shows an item of another record": (
        lambda look: changed(look, permitted=[{**look.facts["permitted"][0], "items": [look.facts["disclosure"]]}]),
        "item", "denied by unknown-item",
    ),
    "it is of a record that is not there": (
        lambda look: changed(look, record=look.facts["disclosure"]), "the whole record", "denied by unknown-record",
    ),
    "it acts as what nobody is": (
        lambda look: changed(look, acting_as="registrar"), "the whole record", "denied by no-role",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_a_disclosure_says_of_itself_is_held_to_the_facts(lived: Lived, wrong: str) -> None:
    change, what, derived = WRONG[wrong]
    async with lived.opened() as ledger:
        looks = await lived.disclosures(ledger)
        look = next(look for look in looks if look.facts["acting_as"] == "clinician" and len(shown_in(look)) > 1)
        altered = change(look)
        reader = PastReader(ledger.rows, MAPPER, await ledger.rows.size())
        facts = await reader.facts(altered.facts["record"], altered.facts["viewer"], look.position)
        found = differences(altered, facts)
    assert any(one.what.startswith(what) and derived in str(one.derived) for one in found), found
    assert all(one.position == look.position for one in found)


async def test_a_disclosure_that_claims_to_hold_longer_than_its_share_is_found(copied: Lived) -> None:
    """The share ends within the hour; a disclosure that rests on it must say so."""
    async with copied.opened() as ledger:
        item = (await ledger.items.add(copied.okafor, copied.record, Draft("note", "Slept well."))).facts["item"]
        ends = Instant(ledger.clock() + MINUTE)
        to = {"kind": "person", "id": copied.sam.person}
        with contextlib.suppress(NotAllowed):  # who is not suspended cannot be restored
            await ledger.sharing.restore(copied.amina, copied.record, copied.sam.person)
        directing = Directing(to, {"kind": "item", "of": item}, ends=ends)
        await ledger.sharing.direct(copied.amina, copied.record, directing)
        await ledger.trail.open(copied.sam, Asked(copied.record, "shared-with-me", item=item))
        look = (await copied.disclosures(ledger))[-1]
        reader = PastReader(ledger.rows, MAPPER, await ledger.rows.size())
        facts = await reader.facts(copied.record, copied.sam.person, look.position)
    assert look.facts["valid_until"] == format_instant(ends)
    assert differences(look, facts) == []
    for later in (None, format_instant(Instant(ends + 1))):
        [found] = differences(changed(look, valid_until=later), facts)
        assert (found.what, str(found.derived)) == ("valid_until", f"{format_instant(ends)} at the latest")


def test_every_version_of_the_policy_has_a_judge_that_decides_as_it_does() -> None:
    assert JUDGES.keys() == POLICIES.keys()
