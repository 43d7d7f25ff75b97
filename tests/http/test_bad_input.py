"""Bad input: each gets a problem that says got, wanted and the next step, and nothing is admitted."""

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest

from api.http.gate import LARGEST_BODY
from ledger.core.instants import DAY, MINUTE, Instant, format_instant
from ledger.saying import By
from tests.http.served import Served, problem, statement_id

NOBODY = "00000000-0000-4000-8000-000000000000"


def at(offset: int) -> str:
    """An instant this many milliseconds from now."""
    return format_instant(Instant(time.time_ns() // 1_000_000 + offset))


def note(**changes: Any) -> dict[str, Any]:
    return {"kind": "note", "text": "Slept well.", **changes}


@dataclass(frozen=True)
class Bad:
    """A request of somebody of the story, in which ids are filled in (``{record}``), and what it is answered with."""

    who: str
    path: str
    body: Any
    status: int
    name: str
    told: tuple[str, ...]
    pointer: str | None = None
    rule: str | None = None


ITEMS = "/records/{record}/items"
SHARE = "/records/{record}/directives"
EMERGENCY = "/records/{record}/emergencies"
TO_SAM = {"kind": "person", "id": "{sam}"}
BAD = {
    "a record that is not there": Bad(
        "okafor", f"/records/{NOBODY}/items", note(), 403, "not-allowed", ("record that is not there",), rule="no-role"
    ),
    "an item that is not there": Bad(
        "okafor", f"{ITEMS}/{NOBODY}/amendments", {"text": "x"}, 404, "unknown", ("item that is not there",)
    ),
    "a parent that is not there": Bad(
        "amina", f"{ITEMS}/{NOBODY}/comments", {"text": "x"}, 404, "unknown", ("item that is not there",)
    ),
    "a person whom nobody registered": Bad(
        "amina", "/records/{record}/carers", {"person": NOBODY, "relation": "friend"}, 403, "not-allowed",
        ("carer-named/1", "unknown-person"), rule="unknown-person",
    ),
    "a patient whom nobody registered": Bad(
        "okafor", "/records", {"patient": NOBODY}, 403, "not-allowed", ("unknown-person",), rule="unknown-person"
    ),
    "a directive that is not there": Bad(
        "amina", f"{SHARE}/{NOBODY}/withdrawal", {}, 403, "not-allowed", (), rule="unknown-directive"
    ),
    "a kind that nobody knows": Bad(
        "okafor", ITEMS, note(kind="memo"), 422, "malformed", ("got 'memo'", "wanted one of note"), "/kind"
    ),
    "a topic that the policy does not know": Bad(
        "okafor", ITEMS, note(topics=["money"]), 403, "not-allowed", (), rule="unknown-topic"
    ),
    "an emergency without a reason": Bad(
        "moss", EMERGENCY, {"kind": "life-at-risk", "until": "2027-01-01T09:00:00.000Z"},
        422, "malformed", ("/reason", "nothing"), "/reason",
    ),
    "an emergency with a blank reason": Bad(
        "moss", EMERGENCY, {"kind": "life-at-risk", "until": "2027-01-01T09:00:00.000Z", "reason": " "},
        422, "malformed", ("not blank",), "/reason",
    ),
    "an emergency of no kind": Bad(
        "moss", EMERGENCY, {"reason": "x", "until": "2027-01-01T09:00:00.000Z"}, 422, "malformed", (), "/kind"
    ),
    "a carer who attests that they are together": Bad(
        "sam", "/records/{record}/together", {"carer": "{sam}", "until": "2027-01-01T09:00:00.000Z"},
        403, "not-allowed", (), rule="not-the-patient",
    ),
    "a power that nobody registered": Bad(
        "ada", "/records/{record}/powers",
        {"person": "{sam}", "kind": "attorney", "matters": ["treatment"], "terms": "jointly"},
        403, "not-allowed", (), rule="not-registered",
    ),
    "a directive that replaces one that is not there": Bad(
        "amina", SHARE, {"grantee": TO_SAM, "scope": {"kind": "everything"}, "replaces": NOBODY},
        403, "not-allowed", (), rule="replaced-not-current",
    ),
    "a preset that nobody knows": Bad(
        "amina", "/records/{record}/presets", {"preset": "all", "person": "{sam}"}, 422, "malformed",
        ("medicines",), "/preset",
    ),
    "a preset for nobody": Bad(
        "amina", "/records/{record}/presets", {"preset": "medicines"}, 422, "malformed", ("the carer",), "/person"
    ),
    "a tick that is no part": Bad(
        "amina", "/records/{record}/presets",
        {"preset": "everything-except", "person": "{sam}", "except": [{"kind": "everything"}]},
        422, "malformed", ("item, topic, kind",), "/except/0",
    ),
    "a carer's preset": Bad(
        "sam", "/records/{record}/presets", {"preset": "stop"}, 403, "not-allowed", (), rule="not-the-patient"
    ),
    "a scope that nobody knows": Bad(
        "amina", SHARE, {"grantee": TO_SAM, "scope": {"kind": "all"}}, 422, "malformed", ("everything",), "/scope"
    ),
    "a role that nobody knows": Bad(
        "ada", "/people/{sam}/roles", {"role": "king"}, 422, "malformed", ("got 'king'", "auditor"), "/role"
    ),
    "a date that does not exist": Bad(
        "amina", SHARE, {"grantee": TO_SAM, "scope": {"kind": "everything"}, "until": "2027-02-30T09:00:00.000Z"},
        422, "malformed", ("a day and time that exist",), "/until",
    ),
    "an instant without milliseconds": Bad(
        "okafor", ITEMS, note(made_at="2026-05-03T09:00:00Z"), 422, "malformed", ("in milliseconds",), "/made_at"
    ),
    "a statement from the future": Bad(
        "okafor", ITEMS, note(made_at=at(DAY)), 403, "not-allowed", ("from-the-future",), rule="from-the-future"
    ),
    "a grant that was held back": Bad(
        "amina", SHARE, {"grantee": TO_SAM, "scope": {"kind": "everything"}, "made_at": at(-6 * MINUTE)},
        403, "not-allowed", ("stale-grant",), rule="stale-grant",
    ),
    "an end in the past": Bad(
        "amina", SHARE, {"grantee": TO_SAM, "scope": {"kind": "everything"}, "until": at(-DAY)},
        403, "not-allowed", ("empty-period",), rule="empty-period",
    ),
    "a day that is not one": Bad(
        "okafor", f"{ITEMS}/{NOBODY}/withholdings",
        {"from": "patient", "ground": "serious-harm", "opinion_date": "May", "review_date": "2027-01-01",
         "reason": "x"},
        422, "malformed", ("got 'May'",), "/opinion_date",
    ),
    "words that are too long": Bad(
        "okafor", ITEMS, note(text="x" * 262145), 422, "malformed", ("262145 bytes", "at most 262144"), "/text"
    ),
    "words that are blank": Bad("okafor", ITEMS, note(text=" "), 422, "malformed", ("not blank",), "/text"),
    "a NUL": Bad("okafor", ITEMS, note(text="a\0b"), 422, "malformed", ("without NUL",), "/text"),
    "a NUL in a name": Bad("ada", "/people", {"name": "a\0"}, 422, "malformed", ("without NUL",), "/name"),
    "a float among the data": Bad(
        "okafor", ITEMS, note(data={"glucose": 5.4}), 422, "malformed", ("got 5.4", "valid string"), "/data/glucose"
    ),
    "a float in a condition": Bad(
        "amina", SHARE,
        {"grantee": TO_SAM, "scope": {"kind": "everything"},
         "condition": {"kind": "hours", "zone": "Europe/London", "days": [1.5], "from": "09:00", "until": "10:00"}},
        422, "malformed", ("got 1.5", "whole number"), "/condition/days/0",
    ),
    "a member that nobody knows": Bad(
        "okafor", ITEMS, note(colour="red"), 422, "malformed", ("/colour", "no such member"), "/colour"
    ),
    "a member that is missing": Bad("okafor", ITEMS, {"kind": "note"}, 422, "malformed", ("/text", "nothing"), "/text"),
    "text for a mark": Bad("okafor", ITEMS, note(discussed="yes"), 422, "malformed", ("got 'yes'",), "/discussed"),
    "a list for a body": Bad("okafor", ITEMS, [], 422, "malformed", ("object",), ""),
    "an id in capitals": Bad(
        "okafor", "/records/{RECORD}/items", note(), 422, "malformed", ("/path/record",), "/path/record"
    ),
    "a patient who writes a note": Bad("amina", ITEMS, note(), 403, "not-allowed", (), rule="role-missing"),
    "a carer who shares": Bad(
        "sam", SHARE, {"grantee": TO_SAM, "scope": {"kind": "everything"}}, 403, "not-allowed", (),
        rule="not-the-patient",
    ),
    "a clinician who appoints": Bad(
        "okafor", "/people/{sam}/roles", {"role": "clinician"}, 403, "not-allowed", (), rule="role-missing"
    ),
    "an administrator who appoints themselves": Bad(
        "ada", "/people/{ada}/roles", {"role": "guardian"}, 403, "not-allowed", (), rule="for-themselves"
    ),
    "a clinician without a care relationship": Bad("moss", ITEMS, note(), 403, "not-allowed", (), rule="not-in-care"),
    "a stranger who acts as the patient": Bad(
        "stranger", ITEMS, note(kind="reading"), 403, "not-allowed", ("record that is not there",), rule="no-role"
    ),
    "care of nobody": Bad("ada", "/records/{record}/care", {"ground": "referral"}, 422, "malformed", ("exactly one",)),
    "a weak key": Bad(
        "bert", "/people/{sam}/keys", {"jwk": {"crv": "Ed25519", "kty": "OKP", "x": "A" * 43}},
        422, "weak-key", ("small order",),
    ),
    "a JWK of another curve": Bad(
        "bert", "/people/{sam}/keys", {"jwk": {"crv": "P-256", "kty": "EC", "x": "A" * 43}},
        422, "malformed", ("Ed25519",), "/jwk",
    ),
}  # fmt: skip


def filled(value: Any, served: Served) -> Any:
    """The value with the ids of the story."""
    story = served.story
    names = {"record": story.record, "RECORD": story.record.upper(), "sam": story.sam.person, "ada": story.ada.person}
    text = json.dumps(value)
    for name, found in names.items():
        text = text.replace("{" + name + "}", found)
    return json.loads(text)


def somebody(served: Served, who: str) -> By:
    if who == "stranger":
        return By(served.story.sam.person, "patient")
    by: By = getattr(served.story, who)
    return By(by.person, "registrar") if who == "bert" else by


async def test_each_gets_its_problem_and_nothing_is_admitted(served: Served) -> None:
    # One story for the whole table: what is refused leaves nothing behind for the next.
    clients = {who: await served.sign_in(somebody(served, who)) for who in {bad.who for bad in BAD.values()}}
    for title, bad in BAD.items():
        before = await served.size()
        answer = await clients[bad.who].http.post(
            filled(bad.path, served), json=filled(bad.body, served), headers=clients[bad.who].headers
        )
        told = problem(answer, bad.status, bad.name)
        for part in bad.told:
            assert part in told["detail"], (title, told)
        if bad.pointer is not None:
            assert [error["pointer"] for error in told["errors"]] == [bad.pointer], (title, told)
        assert told.get("rule") == bad.rule, (title, told)
        # The attempt itself is on the trail, if it was about a record.
        of_record = bad.path.startswith("/records/{record}") and bad.status in (403, 422)
        said = await served.said(before)
        assert said == ["attempt-refused/1"] if of_record else set(said) <= {"attempt-refused/1"}, (title, said)


RAW: dict[str, tuple[bytes, dict[str, str], int, str, str]] = {
    "no JSON": (b"{", {}, 422, "malformed", "not JSON"),
    "a lone surrogate": (b'{"kind":"note","text":"\\ud800"}', {}, 422, "malformed", "not JSON"),
    "another encoding": (b'{"kind":"note","text":"caf\xe9"}', {}, 422, "malformed", "not JSON"),
    "a byte order mark": (b'\xef\xbb\xbf{"kind":"note","text":"x"}', {}, 422, "malformed", "not JSON"),
    "a deep nest": (b"[" * 100_000, {}, 422, "malformed", "not JSON"),
    "infinity": (b'{"kind":"note","text":Infinity}', {}, 422, "malformed", "got inf"),
    "another charset": (b"{}", {"content-type": "application/json; charset=latin-1"}, 415, "media-type", "UTF-8"),
    "a charset whose name has a NUL": (
        b"{}", {"content-type": "application/json; charset*=a%00b''x"}, 415, "media-type", "UTF-8",
    ),
    "a form": (b"kind=note", {"content-type": "application/x-www-form-urlencoded"}, 415, "media-type", "json"),
    "compressed": (b"\x1f\x8b", {"content-encoding": "gzip"}, 415, "media-type", "compressed"),
    "too large": (b" " * (LARGEST_BODY + 1), {}, 413, "too-large", "at most"),
    "an idempotency key of another kind": (
        b"{}", {"idempotency-key": "1d3a5f4c-6f7a-4b1e-8a3c-0d3a54a3c0de"}, 422, "malformed", "UUIDv7",
    ),
}  # fmt: skip


@pytest.mark.parametrize("title", RAW)
async def test_bytes_that_are_no_body_are_refused(served: Served, title: str) -> None:
    body, headers, status, name, told = RAW[title]
    okafor = await served.sign_in(served.story.okafor)
    before = await served.size()
    sent = {"content-type": "application/json", **okafor.headers, **headers}
    answer = await served.http.post(f"{served.record}/items", content=body, headers=sent)
    assert told in problem(answer, status, name)["detail"]
    assert await served.said(before) == (["attempt-refused/1"] if status == 422 else [])


async def test_what_was_malformed_is_on_the_trail_by_name_of_the_operation_and_nothing_of_it(served: Served) -> None:
    okafor, before = await served.sign_in(served.story.okafor), await served.size()
    problem(await okafor.post(f"{served.record}/emergencies", kind="life-at-risk", until=at(DAY)), 422, "malformed")
    problem(await okafor.post(f"{served.record}/items/nonsense/topics", topics=[]), 422, "malformed")
    problem(await okafor.post("/records", patient="nonsense"), 422, "malformed")
    problem(await served.http.post(f"{served.record}/emergencies", json={}), 401, "sign-in")
    said = [one for one in await served.story.ledger.read(before, 9) if one.type != "disclosure-made/1"]
    about = {"person": okafor.by.person, "acting_as": "clinician", "record": served.story.record, "rule": "malformed"}
    assert [{**one.facts, "attempt": None} for one in said] == [
        {"attempt": None, **about, "type": "sharing.open_emergency"},
        {"attempt": None, **about, "type": "items.set_topics"},
    ]


async def test_a_long_content_type_is_refused_before_its_parameters_are_read(served: Served) -> None:
    # Read with the library's parser, these 60 kB hold everybody else up for seconds, and nobody need sign in for it.
    kind = 'application/json; x="' + ";" * 60_000
    began = time.process_time()
    answer = await served.http.get("/log/checkpoint/recorded", headers={"content-type": kind})
    problem(answer, 415, "media-type")
    assert time.process_time() - began < 1


async def test_a_body_that_does_not_say_how_long_it_is_is_counted_as_it_comes(served: Served) -> None:
    okafor = await served.sign_in(served.story.okafor)

    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 65536

    headers = {"content-type": "application/json", **okafor.headers}
    answer = await served.http.post(f"{served.record}/items", content=endless(), headers=headers)
    problem(answer, 413, "too-large")


async def test_the_router_answers_in_problems_too(served: Served) -> None:
    problem(await served.http.get("/nowhere"), 404, "no-such-place")
    answer = await served.http.delete(served.record)
    assert "GET" in problem(answer, 405, "method")["detail"]
    assert answer.headers["allow"] == "GET"
    problem(await served.http.get("/docs"), 404, "no-such-place")
    problem(await served.http.get(f"{served.record}/"), 404, "no-such-place")


async def test_a_query_is_read_as_strictly_as_a_body(served: Served) -> None:
    okafor = await served.sign_in(served.story.okafor)
    for query, told in (
        ({"limit": "0"}, "/query/limit"),
        ({"limit": "many"}, "/query/limit"),
        ({"page": "2"}, "no such member"),
        ({"kind": "memo"}, "got 'memo'"),
        ({"purpose": "curiosity"}, "wanted one of appointment"),
    ):
        before = await served.size()
        assert told in problem(await okafor.get(served.record, **query), 422, "malformed")["detail"]
        assert await served.size() == before


async def test_an_id_used_for_something_else_is_a_conflict_with_the_first_receipt(served: Served) -> None:
    okafor, key = await served.sign_in(served.story.okafor), statement_id()
    first = await okafor.post(f"{served.record}/items", key, kind="note", text="The first.")
    again = await okafor.post(f"{served.record}/items", key, kind="note", text="The first.")
    assert (first.status_code, again.status_code) == (201, 200)
    same = ("statement_id", "position", "recorded_at", "ids")
    assert {name: first.json()[name] for name in same} == {name: again.json()[name] for name in same}
    assert first.json()["receipt"]["entry"] == again.json()["receipt"]["entry"]

    before = await served.size()
    told = problem(await okafor.post(f"{served.record}/items", key, kind="note", text="Another."), 409, "already-said")
    assert told["position"] == first.json()["position"]
    assert told["receipt"]["entry"] == first.json()["receipt"]["entry"]
    assert await served.size() == before
    # The same id of somebody else is another statement: an id is its author's.
    lind = await served.sign_in(served.story.lind)
    assert (await lind.post(f"{served.record}/items", key, kind="note", text="Mine.")).status_code == 201


async def test_an_error_that_nobody_foresaw_tells_only_an_id(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    okafor = await served.sign_in(served.story.okafor)

    async def broken(*_: object, **__: object) -> None:
        raise ValueError("Amina's words")

    monkeypatch.setattr(served.app.state.service.ledger.items, "add", broken)
    told = problem(await okafor.post(f"{served.record}/items", kind="note", text="x"), 500, "internal")
    assert "Amina" not in json.dumps(told)
    assert told["id"] in caplog.text
    assert "ValueError" in caplog.text
    assert "Amina" not in caplog.text
