"""Search: what matches among what one may see, each look at words recorded; and print, and being there in person."""

from itertools import chain
from typing import Any

import pytest
import pytest_asyncio

from api.http import search
from tests.http.living import asked, neighbour
from tests.http.served import Client, Served, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def served(service: Served) -> Served:
    return await neighbour(service)


async def found(client: Client, served: Served, text: str, **query: Any) -> list[str]:
    told = await asked(client, f"{served.record}/search", text=text, **query)
    return [item["text"] for item in told["items"]]


async def test_case_and_accents_do_not_count_and_every_word_must_occur(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    await story.note("Visited the CAFÉ with Zoë.", title="An outing")
    await story.note("Stayed at home.")
    for text in ("cafe", "Café", "zoe CAFE", "café", "outing", "ou"):
        assert await found(amina, served, text) == ["Visited the CAFÉ with Zoë."], text
    assert await found(amina, served, "cafe home") == []
    assert await found(amina, served, "clinician") == []  # of what was said, not of who said it or how it is shown
    problem(await amina.get(f"{served.record}/search", text=""), 422, "malformed")
    problem(await amina.get(f"{served.record}/search", text=" ́ "), 422, "malformed")
    problem(await amina.get(f"{served.record}/search"), 422, "malformed")


async def test_each_item_whose_words_were_searched_is_on_the_trail(served: Served) -> None:
    story = served.story
    lind = await served.sign_in(story.lind)
    notes = {await story.note("One."), await story.note("Two.")}
    start = await served.size()
    assert await found(lind, served, "two") == ["Two."]
    [said] = await story.ledger.read(start, 2)
    assert (said.facts["via"], said.facts["viewer"]) == ("search", story.lind.person)
    assert {item for group in said.facts["permitted"] for item in group["items"]} == notes
    assert "two" not in str(said.facts)


async def test_a_match_is_shown_with_what_is_said_under_it(served: Served) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    note = await story.note("Slept well.")
    dispute = await story.ledger.items.dispute(story.amina, story.record, note, "I was awake till four.")
    told = await asked(amina, f"{served.record}/search", text="slept")
    [item] = told["items"]
    assert (item["disputed"], item["children"][0]["text"]) == (True, "I was awake till four.")
    assert told["matched"] == [note]
    assert (await asked(amina, f"{served.record}/search", text="awake"))["matched"] == [dispute.facts["item"]]


async def pages(client: Client, served: Served, text: str, limit: int) -> list[list[str]]:
    """The texts of each page, until there is none."""
    told: list[list[str]] = []
    cursor = None
    while True:
        query = {"limit": limit} if cursor is None else {"limit": limit, "cursor": cursor}
        page = await asked(client, f"{served.record}/search", text=text, **query)
        told.append([item["text"] for item in page["items"]])
        if (cursor := page["cursor"]) is None:
            return told


async def test_pages_go_on_where_they_ended_and_hidden_items_change_nothing_for_a_carer(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = served.story
    sam = await served.sign_in(story.sam)
    await story.share({"kind": "kind", "of": "plan-for-carers"})
    for n in range(5):
        await story.note(f"Walk {n}.", kind="plan-for-carers")
        await story.note(f"Rest {n}.", kind="plan-for-carers")
    for size in (3, 200):
        monkeypatch.setattr(search, "LARGEST_PAGE", size)
        before = [await pages(sam, served, "walk", limit) for limit in (1, 2, 50)]
        walks = [f"Walk {n}." for n in range(4, -1, -1)]
        assert [list(chain(*of_limit)) for of_limit in before] == [walks] * 3
        for n in range(3):
            await story.note(f"Walk hidden {n}.")
        assert [await pages(sam, served, "walk", limit) for limit in (1, 2, 50)] == before


async def test_a_search_looks_through_so_much_at_a_time_and_then_gives_a_cursor(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = served.story
    amina = await served.sign_in(story.amina)
    monkeypatch.setattr(search, "LARGEST_PAGE", 1)
    monkeypatch.setattr(search, "MOST_PAGES", 2)
    await story.note("The needle.")
    for n in range(3):
        await story.note(f"Hay {n}.")
    assert await pages(amina, served, "needle", 50) == [[], ["The needle."]]
    first = await asked(amina, f"{served.record}/search", text="needle")
    problem(await amina.get(f"{served.record}/search", text="hay", cursor=first["cursor"]), 400, "cursor")


async def test_who_reads_no_words_searches_none(served: Served) -> None:
    for by in (served.story.ruth, served.story.greta):
        client = await served.sign_in(by)
        answer = await client.get(f"{served.record}/search", text="x", purpose="audit")
        assert problem(answer, 403, "not-allowed")["rule"] == "no-view"


async def test_a_print_is_told_as_one_and_only_a_clinician_says_that_the_patient_is_there(served: Served) -> None:
    story = served.story
    amina, sam, lind = [await served.sign_in(by) for by in (story.amina, story.sam, story.lind)]
    note = await story.note("Slept well.")
    start = await served.size()
    await asked(amina, served.record, via="print")
    await asked(lind, f"{served.record}/items/{note}", via="in-person")
    vias = [said.facts["via"] for said in await story.ledger.read(start, 2)]
    assert vias == ["print", "in-person"]
    size = await served.size()
    for client in (amina, sam):
        for path in ("", f"/items/{note}"):
            told = problem(await client.get(f"{served.record}{path}", via="in-person"), 422, "malformed")
            assert "clinician" in told["detail"]
    problem(await sam.get(served.record, via="export"), 422, "malformed")
    assert await served.size() == size
