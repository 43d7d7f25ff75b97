"""Receipts over HTTP: recorded at once, witnessed when the quorum has cosigned, and only for whom they are."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from api.http.app import create_app
from api.settings import Settings
from api.wiring import House
from ledger.core.checkpoint import CheckpointSigner, add_cosignatures, open_note
from ledger.core.note import SignatureType
from ledger.core.receipt import Receipt, check_receipt
from ledger.core.trust_policy import NotWitnessed, TrustPolicy
from ledger.saying import By
from tests.http.served import BASE, Client, Served, problem, statement_id
from tests.story import KEYRING, Story

WITNESSES = [
    CheckpointSigner.from_seed(f"witness.example/{n}", SignatureType.ED25519_COSIGNATURE, bytes([n]) * 32)
    for n in (1, 2, 3)
]
NOBODY = "http://127.0.0.1:1"
POLICY = "".join(f"witness w{n} {signer.key} {NOBODY}\n" for n, signer in enumerate(WITNESSES, 1)) + (
    "group two 2 w1 w2 w3\nquorum two\n"
)


@pytest.fixture
async def watched(story: Story, tmp_path: Path) -> AsyncIterator[Served]:
    """The application of a log that two of three witnesses must have cosigned; none of them answers by itself."""
    file = tmp_path / "policy"
    file.write_text(POLICY)
    database = story.database
    settings = Settings(home=tmp_path, policy=file, start_unwitnessed=True)
    app = create_app(House(settings, KEYRING, database.dsn(), database.superuser_dsn))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=BASE) as http,
    ):
        yield Served(app, http, story)


async def cosign(served: Served, *signers: CheckpointSigner) -> int:
    """Let witnesses cosign the newest checkpoint, and keep that as the log does; gives its size."""
    note = await served.story.ledger.receipts.latest_checkpoint()
    _, checkpoint = open_note(note)
    lines = [signer.sign(checkpoint, served.story.ledger.clock() // 1000) for signer in signers]
    with psycopg.connect(served.story.database.dsn()) as connection:
        values = [checkpoint.size, add_cosignatures(note, lines)]
        connection.execute("insert into ledger.cosigned (size, note) values (%s, %s)", values)
    return checkpoint.size


async def wish(client: Client, served: Served, wished: str = "tell-me-first") -> dict[str, Any]:
    """Say something; gives the answer."""
    return await client.say(f"{served.record}/results-wish", wish=wished)


def path_of(said: dict[str, Any], by: By) -> str:
    return f"/statements/{by.person}/{said['statement_id']}/receipt"


def check(answer: dict[str, Any], standing: str) -> Receipt:
    """Check what was answered: the receipt as anybody would offline, and that it stands as is said."""
    receipt = Receipt.from_json(answer["receipt"])
    check_receipt(receipt, KEYRING.log.verifier)
    assert answer["standing"] == standing
    if standing == "witnessed":
        TrustPolicy.parse(POLICY).check_witnessed(receipt.checkpoint_note)
    else:
        with pytest.raises(NotWitnessed):
            TrustPolicy.parse(POLICY).check_witnessed(receipt.checkpoint_note)
    return receipt


async def test_a_receipt_is_recorded_at_once_and_witnessed_when_the_quorum_has_cosigned(watched: Served) -> None:
    amina = await watched.sign_in(watched.story.amina)
    said = await wish(amina, watched)
    first = check(said, "recorded")
    path = path_of(said, amina.by)
    assert check((await amina.get(path)).json(), "recorded").entry == first.entry
    told = problem(await amina.get(path, standing="witnessed"), 503, "not-witnessed")
    assert f"position {said['position']}" in told["detail"]
    assert "standing=recorded" in told["detail"]

    await cosign(watched, *WITNESSES[1:])
    for asked in ({}, {"standing": "witnessed"}):
        witnessed = check((await amina.get(path, **asked)).json(), "witnessed")
        assert (witnessed.entry, witnessed.index) == (first.entry, said["position"])
    check((await amina.get(path, standing="recorded")).json(), "recorded")
    # What came after the witnessed checkpoint is not covered by it.
    later = await wish(amina, watched, "at-once")
    check((await amina.get(path_of(later, amina.by))).json(), "recorded")
    problem(await amina.get(path_of(later, amina.by), standing="witnessed"), 503, "not-witnessed")


async def test_too_few_cosignatures_are_none(watched: Served) -> None:
    amina = await watched.sign_in(watched.story.amina)
    said = await wish(amina, watched)
    await cosign(watched, WITNESSES[0])
    check((await amina.get(path_of(said, amina.by))).json(), "recorded")
    told = problem(await watched.http.get("/log/checkpoint"), 503, "not-witnessed")
    assert "/log/checkpoint/recorded" in told["detail"]


async def test_the_checkpoint_of_a_log_with_witnesses_is_the_newest_that_they_cosigned(watched: Served) -> None:
    amina = await watched.sign_in(watched.story.amina)
    problem(await watched.http.get("/log/checkpoint"), 503, "not-witnessed")
    problem(await watched.http.get("/log/proof/inclusion", params={"index": 0}), 503, "not-witnessed")
    size = await cosign(watched, *WITNESSES)
    await wish(amina, watched)
    note = (await watched.http.get("/log/checkpoint")).content
    TrustPolicy.parse(POLICY).check_witnessed(note)
    assert KEYRING.log.verifier.open_checkpoint(note).size == size
    recorded = (await watched.http.get("/log/checkpoint/recorded")).content
    assert KEYRING.log.verifier.open_checkpoint(recorded).size == size + 1
    proof = await watched.http.get("/log/proof/inclusion", params={"index": 0})
    assert note in proof.content


async def test_a_log_without_witnesses_says_so(served: Served) -> None:
    amina = await served.sign_in(served.story.amina)
    said = await wish(amina, served)
    assert said["standing"] == "recorded"
    told = problem(await amina.get(path_of(said, amina.by), standing="witnessed"), 409, "no-witnesses")
    assert "names no witnesses" in told["detail"]
    problem(await amina.get(path_of(said, amina.by), standing="sworn"), 422, "malformed")


async def test_repeats_and_conflicts_say_how_their_receipt_stands(watched: Served) -> None:
    amina = await watched.sign_in(watched.story.amina)
    name, path = statement_id(), f"{watched.record}/results-wish"
    first = await amina.post(path, statement=name, wish="at-once")
    again = await amina.post(path, statement=name, wish="at-once")
    assert (first.status_code, again.status_code) == (201, 200)
    assert check(again.json(), "recorded").entry == check(first.json(), "recorded").entry
    other = problem(await amina.post(path, statement=name, wish="tell-me-first"), 409, "already-said")
    assert check(other, "recorded").entry == check(first.json(), "recorded").entry


async def test_the_receipts_of_an_item_stand_each_as_its_checkpoint_does(watched: Served) -> None:
    amina = await watched.sign_in(watched.story.amina)
    own = await amina.say(f"{watched.record}/items", kind="contribution", text="I walk.")
    await cosign(watched, *WITNESSES[1:])
    path = f"{watched.record}/items/{own['ids']['item']}"
    await amina.say(f"{path}/comments", text="Most days.")
    told = (await amina.get(f"{path}/receipts")).json()["receipts"]
    assert [check(one, one["standing"]).index for one in told] == sorted(
        {check(one, one["standing"]).index for one in told}
    )
    assert [one["standing"] for one in told] == ["witnessed", "recorded"]
