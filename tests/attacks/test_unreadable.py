"""Nobody makes a record unreadable for others by what they say in it."""

from inspect import signature

import pytest

from ledger.core.authority_items import DEEPEST_THREAD
from ledger.core.shapes import list_of
from ledger.domain.errors import NotAllowed
from ledger.domain.items import LONGEST_COMMENT
from ledger.replay import shown_in
from ledger.use_cases.trail import LARGEST_GROUP
from tests.http.served import Served, problem


async def test_a_thread_ends_before_any_reader_of_json_does(served: Served) -> None:
    story = served.story
    parent = await story.note("A plan.", kind="plan")
    await story.share({"kind": "everything"})
    for n in range(DEEPEST_THREAD):
        parent = str((await story.ledger.items.reply(story.sam, story.record, parent, f"{n}.")).facts["item"])
    with pytest.raises(NotAllowed, match="thread-too-deep"):
        await story.ledger.items.reply(story.sam, story.record, parent, "And so on.")
    for by in (story.sam, story.amina, story.okafor):
        view = await (await served.sign_in(by)).get(served.record)
        assert view.status_code == 200, view.text
        assert view.text.count('"children"') == DEEPEST_THREAD + 1


async def test_an_answer_is_short_with_its_quote_and_nothing_of_a_longer_one_is_admitted(served: Served) -> None:
    story = served.story
    note = await story.note("A note.")
    sam, size = await served.sign_in(story.amina), await served.size()
    for body in (
        {"text": "a" * (LONGEST_COMMENT + 1)},
        {"text": "é" * 9000},
        {"text": "a", "quote": "b" * LONGEST_COMMENT},
    ):
        refused = await sam.post(f"{served.record}/items/{note}/comments", **body)
        assert (refused.status_code, refused.json()["detail"][:26]) == (409, "item-added: got a comment ")
    assert await served.size() == size
    said = await sam.post(f"{served.record}/items/{note}/comments", text="a" * LONGEST_COMMENT)
    assert said.status_code == 201, said.text


async def test_however_many_comments_a_page_holds_each_is_recorded_as_shown(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group holds 1,024 items; a thousand comments of one person are not needed to fill smaller ones."""
    assert signature(list_of).parameters["at_most"].default == LARGEST_GROUP
    monkeypatch.setattr("ledger.use_cases.trail.LARGEST_GROUP", 7)
    story = served.story
    note = await story.note("A note.")
    comments = [
        (await story.ledger.items.comment(story.amina, story.record, note, f"{n}.")).facts["item"] for n in range(20)
    ]
    view = await (await served.sign_in(story.okafor)).get(served.record)
    assert [child["id"] for child in view.json()["items"][0]["children"]] == comments
    said = await story.ledger.read(0, await served.size())
    look = [one for one in said if one.type == "disclosure-made/1"][-1]
    assert len(look.facts["permitted"]) > 2
    assert set(shown_in(look)) == {note, *comments}


async def test_an_instant_at_the_end_of_the_calendar_is_the_senders_mistake(served: Served) -> None:
    amina, note = await served.sign_in(served.story.amina), await served.story.note("A note.")
    last = "9999-12-31T23:59:59.999Z"
    for said in ("disputes", "comments"):
        answer = await amina.post(f"{served.record}/items/{note}/{said}", text="No.", made_at=last)
        assert problem(answer, 403, "not-allowed")["rule"] == "from-the-future"
