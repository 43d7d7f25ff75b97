"""A recorded disclosure derives again from the facts before it; one that was not right does not."""

from dataclasses import replace

import pytest

from ledger.core.said import Said
from ledger.replay import NotAsDerived, Past, check_disclosure, read_past, request_of, shown_in
from ledger.store.mapper import SealingMapper
from tests.postgres_fixture import Database
from tests.story import KEYRING, Story, story_of


async def looks_and_facts(story: Story) -> tuple[list[Said], list[Said]]:
    """Sam's looks, and everything that bears on him and the record."""
    said = await story.ledger.read(0, await story.ledger.rows.size())
    looks = [one for one in said if one.type == "disclosure-made/1" and one.facts["viewer"] == story.sam.person]
    return looks, await read_past(story.ledger.rows, SealingMapper(KEYRING), story.record, story.sam.person)


async def told(story: Story) -> str:
    plan = await story.note("Walk every day.", kind="plan-for-carers")
    await story.note("Low mood.")
    await story.carer_view()
    shared = await story.share({"kind": "kind", "of": "plan-for-carers"})
    await story.carer_view()
    await story.ledger.sharing.withdraw(story.amina, story.record, shared)
    await story.carer_view()
    return plan


async def test_what_the_carer_could_see_and_saw_agree_before_during_and_after_a_consent(database: Database) -> None:
    async with story_of(database) as story:
        plan = await told(story)
        looks, facts = await looks_and_facts(story)
    could = []
    for look in looks:
        check_disclosure(look, facts)
        past = Past.of(facts, story.record, story.sam.person, look.position)
        could.append(list(past.could_see(request_of(look), policy=1)))
        assert could[-1] == list(shown_in(look))
    assert could == [[], [plan], []]


async def test_a_refusal_derives_again_of_a_record_and_of_one_item(database: Database) -> None:
    async with story_of(database) as story:
        note = await story.note("Low mood.")
        with pytest.raises(Exception, match="no such item"):
            await story.opened(story.sam, item=note)
        with pytest.raises(Exception, match="no such item"):
            await story.opened(story.sam, item="00000000-0000-4000-8000-000000000000")
        looks, facts = await looks_and_facts(story)
    assert [look.facts["refused"] for look in looks] == ["no-consent", "unknown-item"]
    for look in looks:
        check_disclosure(look, facts)


async def test_a_wrong_disclosure_is_named_with_both_evidences(database: Database) -> None:
    async with story_of(database) as story:
        plan = await told(story)
        looks, facts = await looks_and_facts(story)
    before, during, _ = looks
    groups = during.facts["permitted"]
    shown_too_early = replace(before, facts={**before.facts, "permitted": groups})
    with pytest.raises(NotAsDerived, match=f"item {plan}.*denied by no-consent"):
        check_disclosure(shown_too_early, facts)
    other_evidence = [{**groups[0], "evidence": [*groups[0]["evidence"], before.position]}]
    with pytest.raises(NotAsDerived, match=f"position {during.position}"):
        check_disclosure(replace(during, facts={**during.facts, "permitted": other_evidence}), facts)
    with pytest.raises(NotAsDerived, match="the whole record: got denied by no-role"):
        check_disclosure(replace(during, facts={**during.facts, "refused": "no-role"}), facts)
