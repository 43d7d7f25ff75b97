"""Every way in which an item is hidden from a carer, or from the patient without a trace; each gives the item's id."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from ledger.core.instants import DAY, Instant
from ledger.saying import By
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from tests.http.served import Client
from tests.story import Story

UNKNOWN: Final = "7c3e0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"
Hide = Callable[[Story], Awaitable[str]]


async def withheld(story: Story, kept_from: str, ground: str) -> str:
    note, today = await story.note("Withheld."), datetime.now(UTC).date()
    await story.ledger.items.withhold(
        story.okafor, story.record, note, kept_from=kept_from, ground=ground,
        opinion=today, review=today + timedelta(days=90), reason="It would do harm.",
    )  # fmt: skip
    return note


async def in_wrong_record(story: Story) -> str:
    note = await story.note("Of somebody else.")
    await story.ledger.items.mark_in_error(story.okafor, story.record, note, "Not hers.", wrong_record=True)
    return note


async def held_result(story: Story) -> str:
    result = await story.note("High.", kind="result")
    until = Instant(story.ledger.clock() + 5 * DAY)
    await story.ledger.items.hold(story.okafor, story.record, result, until, "To be told in person.")
    return result


async def result_to_be_told_first(story: Story) -> str:
    await story.ledger.sharing.wish_results(story.amina, story.record, "tell-me-first")
    return await story.note("Low.", kind="result")


async def of_another_carer_in_confidence(story: Story) -> str:
    neighbour = By(story.moss.person, "carer")
    record = await story.ledger.facts.record(story.record, fresh=True)
    if neighbour.person not in record.fold.facts.carers:
        await story.ledger.care.name_carer(story.amina, story.record, neighbour.person, "neighbour")
    draft = Draft("contribution", "She drinks.", in_confidence=True)
    return str((await story.ledger.items.add(neighbour, story.record, draft)).facts["item"])


async def directed(story: Story, **how: Any) -> str:
    note, sam = await story.note("Directed."), {"kind": "person", "id": story.sam.person}
    await story.ledger.sharing.direct(story.amina, story.record, Directing(sam, {"kind": "item", "of": note}, **how))
    return note


async def answer_to(story: Story, hidden: str) -> str:
    answer = await story.ledger.items.comment(story.okafor, story.record, hidden, "Between us.", quote="Withheld.")
    return str(answer.facts["item"])


async def answer_to_withheld(story: Story) -> str:
    return await answer_to(story, await withheld(story, "patient", "safeguarding"))


WITHOUT_TRACE: Final[Mapping[str, Hide]] = {
    "a working note": lambda story: story.note("Not sure yet.", kind="working-note"),
    "a flag": lambda story: story.note("At risk.", kind="flag"),
    "kept off screens": lambda story: withheld(story, "screen", "agreed"),
    "domestic abuse": lambda story: story.note("He hits her.", topics=("domestic-abuse",)),
    "withheld from the patient to safeguard": lambda story: withheld(story, "patient", "safeguarding"),
    "an answer to what is withheld": answer_to_withheld,
    "a carer's confidence": of_another_carer_in_confidence,
    "in the wrong record": in_wrong_record,
}
"""Hidden from everybody but professionals, and the patient may not know of it either."""
FROM_CARERS: Final[Mapping[str, Hide]] = {
    **WITHOUT_TRACE,
    "withheld from the patient for serious harm": lambda story: withheld(story, "patient", "serious-harm"),
    "withheld from carers": lambda story: withheld(story, "carers", "third-party"),
    "of a topic that is not shared": lambda story: story.note("Low mood.", topics=("mental-health",)),
    "a result that is held": held_result,
    "a result to be told first": result_to_be_told_first,
    "withheld by the patient": lambda story: directed(story, effect="withhold"),
    "shared for looking together only": lambda story: directed(story, condition={"kind": "together"}),
}
"""Hidden from a carer with whom everything is shared."""

_REASON: Final = {"reason": "x"}
_DATES: Final = {"opinion_date": "2026-01-01", "review_date": "2027-01-01"}
ABOUT_ITEM: Final[Mapping[str, Mapping[str, Any]]] = {
    "items/{}/comments": {"text": "x"},
    "items/{}/replies": {"text": "x"},
    "items/{}/disputes": {"text": "x", "quote": "x"},
    "items/{}/amendments": {"text": "x"},
    "items/{}/in-error": _REASON,
    "items/{}/topics": {"topics": []},
    "items/{}/agreement": {"agreement": "agree"},
    "items/{}/answer": {"outcome": "amended", **_REASON},
    "items/{}/second-review": {"outcome": "upheld", **_REASON},
    "items/{}/hold": {"until": "2027-01-01T00:00:00.000Z", **_REASON},
    "items/{}/release": {},
    "items/{}/withholdings": {"from": "carers", "ground": "third-party", **_DATES, **_REASON},
    f"items/{{}}/withholdings/{UNKNOWN}/end": {},
    "wishes/{}/signature": {},
    "wishes/{}/review": {"outcome": "confirmed"},
    "wishes/{}/withdrawal": {},
    "directives": {"grantee": {"kind": "all-carers"}, "scope": {"kind": "item", "of": "{}"}},
}
"""Everything that can be said about an item over HTTP: path under the record, and body."""


def sent(answer: httpx.Response, item: str) -> tuple[int, str, list[tuple[str, str]]]:
    """Status, headers and body of an answer, byte by byte, but for the id that was asked for."""
    return answer.status_code, answer.text.replace(item, "ID"), sorted(answer.headers.items())


async def ask_everything(client: Client, record: str, item: str) -> dict[str, Any]:
    """What somebody hears when they read an item and say everything about it that can be said."""
    heard = {"read": sent(await client.get(f"{record}/items/{item}"), item)}
    for path, body in ABOUT_ITEM.items():
        named = {**body, "scope": {**body["scope"], "of": item}} if "scope" in body else body
        heard[path] = sent(await client.post(f"{record}/{path.format(item)}", **named), item)
    return heard


def told(value: Any) -> Any:
    """A page without what differs between any two readings of the same: its nonce, its instant, its cursor."""
    if isinstance(value, dict):
        read = {name: told(inner) for name, inner in value.items() if name not in ("disclosure", "opened_at")}
        return {**read, "cursor": read["cursor"] is not None} if "cursor" in read else read
    return [told(inner) for inner in value] if isinstance(value, list) else value


async def pages(client: Client, record: str, *, limit: int) -> list[Any]:
    """Every page of a record, as it is told."""
    found: list[Any] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        answer = await client.get(record, **query)
        assert answer.status_code == 200, answer.text
        found.append((told(answer.json()), sorted(answer.headers.items())))
        if answer.json()["cursor"] is None:
            return found
        query["cursor"] = answer.json()["cursor"]
