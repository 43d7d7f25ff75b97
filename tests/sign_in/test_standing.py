"""What somebody who signs in is offered to act as: whatever the facts let them, and nothing else."""

from datetime import date

import pytest

from api.sign_in.session import SignInRefused
from api.sign_in.standing import check_may_act_as, may_act_as
from ledger.core.instants import HOUR, Instant
from ledger.saying import By
from ledger.use_cases.representation import Instrument
from tests.story import Story


async def offered(story: Story, by: By) -> list[str]:
    await story.settled()
    return await may_act_as(story.ledger, story.directory, by.person)


async def test_everybody_is_offered_what_they_are(story: Story) -> None:
    people = {
        story.amina: ["patient"],
        story.sam: ["carer"],
        story.okafor: ["clinician"],
        story.ruth: ["auditor"],
        story.greta: ["guardian"],
        story.ada: ["administrator"],
        story.bert: ["administrator", "registrar"],
    }
    assert {by: await offered(story, by) for by in people} == people


async def test_what_ends_is_offered_no_more(story: Story) -> None:
    ledger, record = story.ledger, story.record
    instrument = Instrument(story.moss.person, "attorney", ["care"], "jointly-and-severally", date(2026, 1, 1))
    power = str((await ledger.representation.register_power(story.ada, record, instrument)).facts["power"])
    assert await offered(story, story.moss) == ["clinician", "attorney"]
    await ledger.representation.end_power(story.ada, record, power, story.moss.person)
    assert await offered(story, story.moss) == ["clinician"]
    await ledger.people.end_role(story.ada, story.moss.person, "clinician")
    assert await offered(story, story.moss) == ["patient"], "in their own name, of which nothing is known"
    await ledger.care.end_carer(story.amina, record, story.sam.person)
    assert await offered(story, story.sam) == ["patient"]


async def test_a_parent_is_one_until_their_term_is_over(story: Story) -> None:
    ledger = story.ledger
    until = Instant(ledger.clock() + HOUR)
    await ledger.representation.state_birth(story.ada, story.record, date.today())
    said = ledger.representation.register_parent(story.ada, story.record, story.lind.person, until=until)
    parental = str((await said).facts["parental"])
    assert await offered(story, story.lind) == ["clinician", "parent"]
    assert await story.directory.around(story.lind.person, until) == []
    await ledger.representation.end_parent(story.ada, story.record, parental)
    assert await offered(story, story.lind) == ["clinician"]


async def test_a_role_that_waits_for_approval_is_not_offered(story: Story) -> None:
    await story.ledger.people.grant(story.ada, story.amina.person, "auditor")
    assert await offered(story, story.amina) == ["patient"]
    with pytest.raises(SignInRefused, match="wanted one of patient"):
        await check_may_act_as(story.ledger, story.directory, story.amina.person, "auditor")
