"""A witness over HTTP: every answer that the specification names, and a problem for the rest."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from api.witness.app import create_witness_app
from ledger.core.checkpoint import CheckpointSigner, add_cosignatures, cosigned_at, open_note
from ledger.core.merkle import NodeHash
from ledger.core.note import SignatureType
from ledger.core.witnessing import (
    LARGEST_REQUEST,
    AddCheckpoint,
    format_add_checkpoint,
    parse_cosignatures,
)
from ledger.witness import Seconds, State, Witness
from tests.core.test_witnessing import BODIES
from tests.witness.log import KEYS, ORIGIN, note, request

NOW = 1_780_000_000
SIGNERS = [
    CheckpointSigner.from_seed("w.example.org", SignatureType.ED25519_COSIGNATURE, b"w" * 32),
    CheckpointSigner.from_seed("w.example.org", SignatureType.ML_DSA_44_COSIGNATURE, b"v" * 32),
]


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.create(tmp_path / "state")


@pytest.fixture
async def http(state: State) -> AsyncIterator[httpx.AsyncClient]:
    app = create_witness_app(Witness(SIGNERS, [KEYS.verifier], state, lambda: Seconds(NOW)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://witness.test") as client:
        yield client


async def ask(http: httpx.AsyncClient, sent: AddCheckpoint) -> httpx.Response:
    return await http.post("/add-checkpoint", content=format_add_checkpoint(sent))


def problem(answer: httpx.Response, status: int, *words: str) -> None:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["status"] == status
    for word in words:
        assert word in answer.json()["detail"]


async def test_a_good_request_is_answered_with_cosignature_lines(http: httpx.AsyncClient) -> None:
    answer = await ask(http, request(0, 7))
    assert answer.status_code == 200
    lines = parse_cosignatures(note(7), answer.content)
    parsed, checkpoint = open_note(add_cosignatures(note(7), lines))
    assert [cosigned_at(signer.key, parsed, checkpoint) for signer in SIGNERS] == [NOW, NOW]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_another_old_size_is_told_the_known_one(http: httpx.AsyncClient) -> None:
    for sent, known in [
        (request(3, 7), b"0\n"),
        (request(0, 7), None),
        (request(0, 7), b"7\n"),
        (request(3, 5), b"7\n"),
    ]:
        answer = await ask(http, sent)
        assert answer.status_code == (200 if known is None else 409)
        if known is not None:
            assert (answer.content, answer.headers["content-type"]) == (known, "text/x.tlog.size")


async def test_each_refusal_has_its_status(http: httpx.AsyncClient) -> None:
    assert (await ask(http, request(0, 7))).status_code == 200
    problem(await ask(http, replace(request(0, 7), old_size=8)), 400, "got 8", "wanted at most")
    problem(await ask(http, request(7, 7, "retold")), 409, "two histories")
    problem(await ask(http, request(7, 9, "retold")), 422, "wanted")
    problem(await ask(http, AddCheckpoint(7, (), note(9))), 422, "wanted")
    problem(await ask(http, AddCheckpoint(7, (NodeHash(bytes(32)),), note(7))), 422, "wanted")
    stranger = note(9).replace(ORIGIN.encode(), b"ledger.example.org/another")
    problem(await ask(http, AddCheckpoint(7, (), stranger)), 404, "ledger.example.org/another")
    problem(await ask(http, AddCheckpoint(7, (), note(9).replace(b"\n9\n", b"\n8\n"))), 403, "not made by")
    assert (await ask(http, request(7, 9))).status_code == 200


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_every_malformed_body_is_refused_and_changes_nothing(
    http: httpx.AsyncClient, state: State, body: str
) -> None:
    answer = await http.post("/add-checkpoint", content=body.encode())
    problem(answer, 413 if len(body) > LARGEST_REQUEST else 400, "wanted")
    assert state.latest(ORIGIN) is None


async def test_a_body_without_end_is_cut_off(http: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 8 * LARGEST_REQUEST:
            sent += 65_536
            yield bytes(65_536)
            await asyncio.sleep(0)

    # The transport here hears nothing of an early answer; that it is an answer, and which, is what counts.
    problem(await http.post("/add-checkpoint", content=endless()), 413, "wanted at most")


async def test_other_places_and_methods_are_not_there(http: httpx.AsyncClient) -> None:
    problem(await http.get("/"), 404, "POST /add-checkpoint")
    problem(await http.post("/add-checkpoint/"), 404)
    answer = await http.get("/add-checkpoint")
    problem(answer, 405, "wanted POST")
    assert answer.headers["allow"] == "POST"


async def test_a_memory_that_is_gone_is_not_made_anew(
    http: httpx.AsyncClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").unlink()
    problem(await ask(http, request(0, 7)), 503, "restore")
    assert not (tmp_path / "state").exists()
    assert [record.levelname for record in caplog.records if record.name == "record_ledger.witness"] == ["ERROR"]


async def test_what_nobody_foresaw_tells_no_words(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(body: bytes) -> AddCheckpoint:
        raise ZeroDivisionError(f"secret words in {len(body)} bytes")

    monkeypatch.setattr("api.witness.app.parse_add_checkpoint", fail)
    answer = await ask(http, request(0, 7))
    problem(answer, 500, "nothing was cosigned")
    assert "secret" not in answer.text
    assert "secret" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("record_ledger"))
