"""How much of something there may be tells nobody how much of it is hidden from them."""

import pytest

from ledger.core import authority_items
from tests.http.living import neighbour
from tests.http.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")
FEW = 4


async def test_a_carer_cannot_count_hidden_answers_by_answering_until_there_are_too_many(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(authority_items, "LONGEST_THREAD", FEW)
    heard = []
    for hidden in (0, FEW - 1):
        served = await neighbour(service)
        story, items = served.story, served.story.ledger.items
        plan = await story.note("Walk every day.", kind="plan-for-carers")
        await story.share({"kind": "item", "of": plan})
        for n in range(hidden):
            await items.comment(story.amina, story.record, plan, f"Not for Sam, {n}.")
        sam = await served.sign_in(story.sam)
        answers = [await sam.post(f"{served.record}/items/{plan}/comments", text=f"{n}") for n in range(FEW + 1)]
        heard.append([(answer.status_code, answer.json().get("rule")) for answer in answers])
    assert heard[0] == heard[1] == [(201, None)] * FEW + [(403, "thread-too-long")]
