"""Attacks on what is disclosed and on the account of it, as somebody with the source would make them."""

from typing import Any

import pytest
import pytest_asyncio

from api.http import search
from ledger.domain.stream import Spoken
from ledger.store.mapper import Kept, SealingMapper
from tests.http.living import asked, neighbour
from tests.http.served import Client, Served, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


async def paged(client: Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """All lines of a trail, page after page."""
    lines, cursor = list[dict[str, Any]](), None
    while True:
        told = await asked(client, path, **query, **({} if cursor is None else {"cursor": cursor}))
        lines += told["lines"]
        cursor = told["cursor"]
        if cursor is None:
            return lines


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_nobodys_look_is_lost_between_the_pages_of_the_trail(served: Served, limit: int) -> None:
    """Each look shows another item, so that nothing which one page discloses is on the next."""
    story = served.story
    amina, okafor = await served.sign_in(story.amina), await served.sign_in(story.okafor)
    notes = [await story.note(f"Note {n}.") for n in range(4)]
    for note in notes:
        await asked(okafor, f"{served.record}/items/{note}")
    lines = await paged(amina, f"{served.record}/trail", limit=limit)
    looks = [line["shown"][0]["items"] for line in lines if line["viewer"]["id"] == story.okafor.person]
    assert looks == [[note] for note in reversed(notes)]
    assert len({line["id"] for line in lines}) == len(lines)


@pytest.mark.parametrize("member", ["rule", "for_purpose", "via"])
async def test_what_no_text_can_hold_is_malformed_and_no_error_of_the_service(served: Served, member: str) -> None:
    amina = await served.sign_in(served.story.amina)
    for path in (f"{served.record}/trail", f"{served.record}/items/{served.story.record}/seen-by", "/trail"):
        before = await served.size()
        told = problem(await amina.get(path, **{member: "direct\0care"}), 422, "malformed")
        assert f"/query/{member}" in told["detail"]
        assert await served.size() == before


async def test_much_text_under_one_item_ends_a_search_early_and_keeps_nobody_waiting(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may answer an item can fill a page with words; a search goes on behind them with the next request."""
    story = served.story
    amina, sam = await served.sign_in(story.amina), await served.sign_in(story.sam)
    await story.note("The needle.")
    plan = await story.note("Walk.", kind="plan-for-carers")
    await story.share({"kind": "item", "of": plan})
    await sam.say(f"{served.record}/items/{plan}/comments", text="hay " * 40)
    monkeypatch.setattr(search, "LARGEST_PAGE", 1)
    monkeypatch.setattr(search, "MOST_LETTERS", 100)
    first = await asked(amina, f"{served.record}/search", text="needle")
    assert first["items"] == []
    rest = await asked(amina, f"{served.record}/search", text="needle", cursor=first["cursor"])
    assert [item["text"] for item in rest["items"]] == ["The needle."]


async def test_however_much_was_said_about_sharing_a_withdrawal_opens_only_what_came_since(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who says much about a record must not make a withdrawal wait; another process may have said it."""
    story = served.story
    amina = await served.sign_in(story.amina)  # in another process than the story's own ledger
    made = [await story.share({"kind": "kind", "of": kind}) for kind in ("note", "letter", "plan")]
    opened = list[int]()
    mapper = SealingMapper.to_event

    def counted(self: SealingMapper, row: Kept) -> Spoken:
        opened.append(row.position)
        return mapper(self, row)

    monkeypatch.setattr(SealingMapper, "to_event", counted)
    for directive, since in zip(made, (3, 2, 2), strict=True):
        opened.clear()
        await amina.say(f"{served.record}/directives/{directive}/withdrawal")
        assert len(opened) == since
        await story.share({"kind": "item", "of": await story.note("One more.")})
    problem(await amina.post(f"{served.record}/directives/{made[0]}/withdrawal"), 403, "not-allowed")
