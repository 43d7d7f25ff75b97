"""Absence must not be readable: what a carer receives is as if what is hidden were not there."""

import json
from typing import Any

import httpx

from api.http.cursors import LIFETIME
from ledger.saying import By
from tests.http.served import Client, Served, problem, statement_id

UNKNOWN = "7c3e0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"


def sent(answer: httpx.Response, *ids: str) -> tuple[int, str, list[tuple[str, str]]]:
    """Everything of an answer, with the ids that were asked for made the same."""
    text = answer.text
    for name in ids:
        text = text.replace(name, "ID")
    return answer.status_code, text, sorted(answer.headers.items())


async def hidden_and_shared(served: Served) -> tuple[Client, Client, str, str]:
    """Amina, Sam, a note that is not shared, and a plan that is."""
    story = served.story
    note, plan = await story.note("Hidden."), await story.note("Walk every day.", kind="plan-for-carers")
    await story.share({"kind": "kind", "of": "plan-for-carers"})
    return await served.sign_in(story.amina), await served.sign_in(story.sam), note, plan


async def test_a_hidden_item_answers_a_carer_exactly_as_one_that_is_not_there(served: Served) -> None:
    _, sam, note, plan = await hidden_and_shared(served)
    assert (await sam.get(f"{served.record}/items/{plan}")).status_code == 200
    hidden, unknown = [await sam.get(f"{served.record}/items/{name}") for name in (note, UNKNOWN)]
    problem(hidden, 404, "unknown")
    assert sent(hidden, note) == sent(unknown, UNKNOWN)


async def test_so_does_whatever_a_carer_tries_to_say_about_it(served: Served) -> None:
    _, sam, note, _ = await hidden_and_shared(served)
    bodies: dict[str, dict[str, Any]] = {
        "comments": {"text": "x"}, "replies": {"text": "x"}, "disputes": {"text": "x"}, "amendments": {"text": "x"},
        "in-error": {"reason": "x"}, "topics": {"topics": []}, "agreement": {"agreement": "agree"},
        "answer": {"outcome": "amended", "reason": "x"}, "second-review": {"outcome": "upheld", "reason": "x"},
        "hold": {"until": "2027-01-01T00:00:00.000Z", "reason": "x"}, "release": {},
        f"withholdings/{UNKNOWN}/end": {}, "leave-asked": {"text": "x"}, "leave-answer": {"outcome": "given"},
        "withholdings": {"from": "carers", "ground": "third-party", "opinion_date": "2026-01-01",
                         "review_date": "2027-01-01", "reason": "x"},
    }  # fmt: skip
    for about, body in bodies.items():
        answers = [await sam.post(f"{served.record}/items/{name}/{about}", **body) for name in (note, UNKNOWN)]
        assert sent(answers[0], note) == sent(answers[1], UNKNOWN), about
        assert answers[0].status_code in (403, 404), about


async def test_a_record_of_others_answers_a_stranger_exactly_as_one_that_is_not_there(served: Served) -> None:
    moss = await served.sign_in(By(served.story.moss.person, "carer"))
    for path in ("", f"/items/{UNKNOWN}", "/trail", "/sharing"):
        answers = [await moss.get(f"/records/{name}{path}") for name in (served.story.record, UNKNOWN)]
        assert sent(answers[0], served.story.record) == sent(answers[1], UNKNOWN), path
        problem(answers[0], 404, "unknown")
    said: dict[str, dict[str, Any]] = {
        "items": {"kind": "contribution", "text": "x"}, f"items/{UNKNOWN}/comments": {"text": "x"},
        "presets": {"preset": "stop"}, "sharing/stop": {}, "questions": {"disclosure": UNKNOWN, "text": "x"},
        "carer-conversations": {"outcome": "agreed"},
    }  # fmt: skip
    for path, body in said.items():
        answers = [await moss.post(f"/records/{name}/{path}", **body) for name in (served.story.record, UNKNOWN)]
        assert sent(answers[0], served.story.record) == sent(answers[1], UNKNOWN), path
        problem(answers[0], 403, "not-allowed")


def shape(value: Any) -> Any:
    """A view without what differs between any two readings."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items() if name not in ("disclosure", "opened_at")}
    return [shape(inner) for inner in value] if isinstance(value, list) else value


async def test_a_carers_page_is_the_same_before_and_after_something_hidden_is_added(served: Served) -> None:
    _, sam, _, _ = await hidden_and_shared(served)
    before = await sam.get(served.record)
    note = await served.story.note("Also hidden.", topics=("mental-health",))
    await served.story.ledger.items.comment(served.story.amina, served.story.record, note, "And this.")
    after = await sam.get(served.record)
    assert shape(before.json()) == shape(after.json())
    assert [h for h in before.headers.items() if h[0] != "date"] == [h for h in after.headers.items() if h[0] != "date"]
    told = json.dumps(after.json())
    assert not {"position", "rule", "total", "count"} & {part.strip('":') for part in told.split()}
    assert "etag" not in after.headers
    assert after.headers["cache-control"] == "no-store"


async def test_pages_of_a_carer_go_on_where_they_ended_and_tell_nothing_by_their_cursors(served: Served) -> None:
    story, (_, sam, _, _) = served.story, await hidden_and_shared(served)
    for n in range(4):
        await story.note(f"Plan {n}.", kind="plan-for-carers")
        await story.note(f"Hidden {n}.")
    texts, cursors, query = [], [], {"limit": 2}
    while True:
        page = (await sam.get(served.record, **query)).json()
        texts += [item["text"] for item in page["items"]]
        if page["cursor"] is None:
            break
        assert len(page["items"]) == 2
        cursors.append(page["cursor"])
        query["cursor"] = page["cursor"]
    assert texts == ["Plan 3.", "Plan 2.", "Plan 1.", "Plan 0.", "Walk every day."]
    assert {len(cursor) for cursor in cursors} == {70}
    again = (await sam.get(served.record, limit=2)).json()["cursor"]
    assert again not in cursors  # the same place has another cursor each time


async def test_a_cursor_counts_only_for_whom_what_and_when_it_was_given(served: Served) -> None:
    amina, sam, _, _ = await hidden_and_shared(served)
    await served.story.note("Another.", kind="plan-for-carers")
    cursor = (await sam.get(served.record, limit=1)).json()["cursor"]
    assert (await sam.get(served.record, limit=1, cursor=cursor)).status_code == 200

    altered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    heard = [
        await amina.get(served.record, cursor=cursor),
        await sam.get(served.record, cursor=cursor, kind="note"),
        await sam.get("/records", cursor=cursor),
        await sam.get(served.record, cursor=altered),
        await sam.get(served.record, cursor="AAAA"),
        await sam.get(served.record, cursor=""),
    ]
    cursors = served.app.state.service.cursors
    later = cursors.clock() + LIFETIME
    cursors.clock = lambda: later
    heard.append(await sam.get(served.record, cursor=cursor))
    for answer in heard:
        problem(answer, 400, "cursor")
    assert len({answer.text for answer in heard}) == 1


async def test_a_write_of_a_carer_is_answered_with_its_own_receipt_and_a_view_with_none(served: Served) -> None:
    _, sam, _, _ = await hidden_and_shared(served)
    said = await sam.say(f"{served.record}/items", kind="contribution", text="She sleeps badly.", in_confidence=True)
    assert said["receipt"]["proof"].startswith("c2sp.org/tlog-proof@v1")
    assert "receipt" not in (await sam.get(served.record)).text
    key = statement_id()
    await sam.post(f"{served.record}/items", key, kind="contribution", text="One.")
    problem(await sam.post(f"{served.record}/items", key, kind="contribution", text="Two."), 409, "already-said")
