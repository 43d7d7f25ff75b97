"""Whatever a carer, an attorney or a patient can read over HTTP tells nothing of what is hidden from them.

For random records and random sets of hidden items, every answer equals that of the same record without them, with its
nonce and instant left out; a new operation must be put into the table before these tests pass. ``ABSENCE_ROUNDS`` sets
how many records are tried (2 unless told).
"""

import os
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
import pytest_asyncio

from api.postgres import EmbeddedPostgres
from ledger.core.instants import DAY, HOUR
from ledger.core.terms import KINDS
from ledger.saying import By
from ledger.use_cases.representation import Finding, Instrument
from ledger.use_cases.sharing import Directing
from tests.attacks.hiding import FROM_CARERS, UNKNOWN, WITHOUT_TRACE, Hide, sent
from tests.http.living import later, living, neighbour
from tests.http.served import Client, Served, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROUNDS: Final = int(os.environ.get("ABSENCE_ROUNDS", "2"))
LATER: Final = "2099-01-01T00:00:00.000Z"

READINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "records.list": ("/records",),
    "trail.open": ("{record}?limit=2", "{record}?limit=200&via=print", "{record}?kind=note&kind=flag"),
    "trail.open_item": ("{record}/items/{item}",),
    "preview.view": ("{record}/preview?carer={sam}&limit=2", "{record}/preview?carer={moss}"),
    "preview.outline": ("{record}/preview/outline?carer={sam}&limit=2",),
    "search.items": ("{record}/search?text=e&limit=2", "{record}/search?text=withheld"),
    "matters.list": ("{record}/matters",),
    "sharing.read": ("{record}/sharing",),
    "sharing.read_as_fhir": ("{record}/sharing/fhir",),
    "presets.plan": ("{record}/presets?preset=stop",),
    "trail.who_looked": (
        "{record}/trail?limit=200",
        "{record}/trail?viewer={okafor}&limit=1",
        "{record}/trail?team={practice}&limit=200",
        "{record}/trail?rule=direct-care&limit=200",
        "{record}/trail?refused=true&limit=200",
        "{record}/trail?emergency=false&limit=200",
    ),
    "trail.seen_by": ("{record}/items/{item}/seen-by",),
    "trail.who_looked_across": ("/trail",),
    "trail.in_full": ("{record}/trail/{look}",),
    "trail.as_of": (
        "{record}/as-of?person={okafor}&acting_as=clinician&at={later}&limit=2",
        "{record}/as-of?person={okafor}&acting_as=clinician&at={later}&seen=true",
        "{record}/as-of?person={sam}&acting_as=carer&at={later}",
        "{record}/as-of?person={moss}&acting_as=clinician&at={later}",
    ),
    "worklist.read": ("/worklist",),
    "worklist.count": ("/worklist/counts",),
    "notices.read": ("/notices",),
}
"""Every operation that reads for somebody who is signed in, as it is asked here."""
OF_ONE: Final = (
    "{record}/items/{id}",
    "{record}/items/{id}/seen-by",
    "{record}/trail?item={id}",
    "{record}/trail/{id}",
)
"""What somebody can ask about an id that they know, of an item or of a line."""
ELSEWHERE: Final = frozenset({"people.keys", "statements.receipt"})
"""About one's own keys and one's own statements: in no record of others."""
_ALL: Final = [{"kind": "kind", "of": kind} for kind in KINDS]
MOMENTARY: Final = frozenset({"disclosure", "opened_at", "meta", "timestamp"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(
    postgres: EmbeddedPostgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    home: Path = tmp_path_factory.mktemp("home")
    async with living(postgres, migrated_template, home) as served:
        yield served


async def test_every_operation_that_reads_is_asked(service: Served) -> None:
    document = service.app.openapi()
    signed_in = {
        methods["get"]["operationId"]
        for methods in document["paths"].values()
        if "get" in methods and "security" in methods["get"]
    }
    reads = {name for name in signed_in if not name.startswith("log.")}
    assert reads - ELSEWHERE == set(READINGS)


def lasting(value: Any, reader: str) -> Any:
    """An answer without what differs between any two readings, and without the reader's own looks on the trail."""
    if isinstance(value, list):
        return [lasting(one, reader) for one in value if not _is_own_look(one, reader)]
    if not isinstance(value, dict):
        return value
    kept = {name: lasting(inner, reader) for name, inner in value.items() if name not in MOMENTARY}
    return {**kept, "cursor": kept["cursor"] is not None} if "cursor" in kept else kept


def _is_own_look(value: Any, reader: str) -> bool:
    return isinstance(value, dict) and value.get("preview_of", 0) != 0 and value["viewer"]["id"] == reader


async def everything(client: Client, served: Served, item: str, look: str) -> dict[str, Any]:
    """All that this reader reads of the record, by what was asked."""
    story, told = served.story, {}
    named = {
        "record": served.record, "item": item, "look": look, "later": LATER, "practice": story.practice,
        "sam": story.sam.person, "moss": story.moss.person, "okafor": story.okafor.person,
    }  # fmt: skip
    for operation, paths in READINGS.items():
        for path in paths:
            answer = await client.http.get(path.format(**named), headers=client.headers)
            headers = [one for one in sorted(answer.headers.items()) if one[0] not in ("content-length", "date")]
            body = lasting(answer.json(), client.by.person)
            assert answer.status_code in (200, 403, 404), (operation, answer.text)
            told[path] = (answer.status_code, headers, body)
    assert [told[path][0] for path in (*READINGS["trail.open"], *READINGS["search.items"])] == [200] * 5
    return told


async def a_record(service: Served, pick: Random) -> tuple[Served, str, str]:
    """A random record around another patient, one item of it, and the id of a look that is told of."""
    served = await neighbour(service)
    story, ledger = served.story, served.story.ledger
    await ledger.care.name_carer(story.amina, story.record, story.moss.person, "neighbour")
    sam = {"kind": "person", "id": story.sam.person}
    for scope in pick.sample(
        ({"kind": "everything"}, {"kind": "kind", "of": "note"}, {"kind": "kind", "of": "plan"}), 2
    ):
        await ledger.sharing.direct(story.amina, story.record, Directing(sam, scope))
    items = [await story.note(f"Here {n}.", kind=pick.choice(("note", "plan", "letter"))) for n in range(3)]
    await ledger.items.comment(story.amina, story.record, items[0], "Between us.")
    okafor = await served.sign_in(story.okafor)
    answer = await okafor.get(served.record)
    return served, items[pick.randrange(3)], str(answer.json()["disclosure"])


async def looks_at(served: Served, items: list[str]) -> list[str]:
    """The doctor and the guardian look at what is hidden; gives the ids of the doctor's looks."""
    story = served.story
    okafor, greta = await served.sign_in(story.okafor), await served.sign_in(story.greta)
    told = [await okafor.get(f"{served.record}/items/{item}") for item in items]
    for path in ("", "/trail", "/matters"):
        answer = await greta.get(f"{served.record}{path}", purpose="audit")
        assert answer.status_code in (200, 404)
    return [str(answer.json()["disclosure"]) for answer in told if answer.status_code == 200]


async def assert_nothing_changes(
    client: Client, served: Served, pick: Random, ways: Mapping[str, Hide], known: tuple[str, str]
) -> None:
    """Ask everything, hide a random set of things, have them looked at, and ask everything again."""
    before = await everything(client, served, *known)
    chosen = pick.sample(sorted(ways), pick.randrange(1, len(ways) + 1))
    hidden = [await ways[way](served.story) for way in chosen]
    looks = await looks_at(served, hidden)
    after = await everything(client, served, *known)
    for path, heard in before.items():
        assert after[path] == heard, (path, chosen)
    for path in OF_ONE:
        asked = [path.format(record=served.record, id=one) for one in (*hidden, *looks)]
        unknown = lasting_of(await client.get(path.format(record=served.record, id=UNKNOWN)), UNKNOWN, client)
        for named, one in zip(asked, (*hidden, *looks), strict=True):
            assert lasting_of(await client.get(named), one, client) == unknown, (path, chosen)


def lasting_of(answer: Any, named: str, client: Client) -> Any:
    status, _, headers = sent(answer, named)
    body = lasting(answer.json(), client.by.person)
    kept = [one for one in headers if one[0] not in ("content-length", "date")]
    return status, kept, repr(body).replace(named, "ID")


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_a_carer_reads_nowhere_of_what_is_hidden(service: Served, seed: int) -> None:
    pick = Random(seed)
    served, item, look = await a_record(service, pick)
    sam = await served.sign_in(served.story.sam)
    await assert_nothing_changes(sam, served, pick, FROM_CARERS, known=(item, look))


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_a_patient_reads_nowhere_of_what_is_hidden_without_trace(service: Served, seed: int) -> None:
    pick = Random(seed)
    served, item, look = await a_record(service, pick)
    amina = await served.sign_in(served.story.amina)
    await assert_nothing_changes(amina, served, pick, WITHOUT_TRACE, known=(item, look))


@pytest.mark.parametrize("seed", range((ROUNDS + 1) // 2))
async def test_an_attorney_reads_nowhere_of_what_is_hidden_without_trace(service: Served, seed: int) -> None:
    pick = Random(seed)
    served, item, look = await a_record(service, pick)
    story, ledger = served.story, served.story.ledger
    power = Instrument(story.sam.person, "attorney", ["care"], "jointly-and-severally", date(2026, 1, 1))
    await ledger.representation.register_power(story.ada, story.record, power)
    finding = Finding("care", "lacks", "Cannot weigh it.", later(served, DAY), _ALL)
    await ledger.representation.assess_capacity(story.okafor, story.record, finding)
    attorney = await served.sign_in(By(story.sam.person, "attorney"))
    assert len((await attorney.get(served.record, limit=200)).json()["items"]) == 3
    await assert_nothing_changes(attorney, served, pick, WITHOUT_TRACE, known=(item, look))


async def test_a_childs_parent_reads_nowhere_of_what_is_hidden_without_trace(service: Served) -> None:
    pick = Random(7)
    served, item, look = await a_record(service, pick)
    story, ledger = served.story, served.story.ledger
    await ledger.representation.state_birth(story.ada, story.record, date(2020, 1, 1))
    await ledger.representation.register_parent(story.ada, story.record, story.sam.person)
    parent = await served.sign_in(replace(story.sam, acting_as="parent"))
    await assert_nothing_changes(parent, served, pick, WITHOUT_TRACE, known=(item, look))


async def test_a_patient_reads_nowhere_of_an_emergency_whose_notice_is_delayed(service: Served) -> None:
    served, item, look = await a_record(service, Random(11))
    story, ledger = served.story, served.story.ledger
    amina, moss, greta = [await served.sign_in(by) for by in (story.amina, story.moss, story.greta)]
    await story.note("Penicillin.", kind="allergy")
    before = await everything(amina, served, item, look)
    begun = await ledger.sharing.open_emergency(
        story.moss, story.record, "life-at-risk", "Unconscious.", later(served, HOUR)
    )
    emergency = str(begun.facts["emergency"])
    await ledger.sharing.delay_notice(story.greta, story.record, emergency, later(served, HOUR), "Not safe at home.")
    await ledger.sharing.open_emergency_item(story.moss, story.record, emergency, item)
    told = await moss.get(served.record, purpose="emergency")
    assert len(told.json()["items"]) == 2
    problem(await moss.get(f"{served.record}/trail", purpose="emergency"), 403, "not-allowed")
    for path in ("/trail", "/matters"):
        assert (await greta.get(f"{served.record}{path}", purpose="audit")).status_code == 200
    await ledger.sharing.review_emergency(story.greta, story.record, emergency, "justified", "He was.")
    after = await everything(amina, served, item, look)
    for path, heard in before.items():
        assert after[path] == heard, path
    line = await amina.get(f"{served.record}/trail/{told.json()['disclosure']}")
    problem(line, 404, "unknown")
