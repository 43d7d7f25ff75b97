"""The log asks its witnesses: over a real ledger, and witnesses that are honest, slow, lying, or away."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from starlette.types import Receive, Scope, Send

from api.cosigning import Rounds, cosigning
from api.settings import SettingsError
from api.witness.app import create_witness_app
from api.witness.home import WitnessHome, clock
from api.witnesses import Disagrees, KnowsSize, WitnessClient, WitnessFailed
from ledger.core.checkpoint import Checkpoint, open_note
from ledger.core.merkle import NodeHash
from ledger.core.trust_policy import TrustPolicy, Witness
from ledger.core.witnessing import LARGEST_REQUEST, AddCheckpoint
from ledger.store.cosigned import Cosigned
from ledger.witness import Witness as Cosigner
from tests.story import KEYRING, Story
from tests.witness.log import KEYS

Server = Callable[[Scope, Receive, Send], Awaitable[None]]
NAMES = ("a", "b", "c")
CONFLICT = Checkpoint(KEYRING.origin, 3, NodeHash(b"x" * 32))


@dataclass
class Place:
    """A witness's home, and what answers for it: itself, until somebody puts another server there."""

    home: WitnessHome
    cosigner: Cosigner
    server: Server
    asked: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await self.server(scope, receive, send)


@dataclass
class Scene:
    """Three witnesses, two of whom are wanted, and the rounds that ask them."""

    story: Story
    policy: TrustPolicy
    places: dict[str, Place]
    clients: list[WitnessClient]
    rounds: Rounds

    async def witnessed(self) -> set[str]:
        """Who has cosigned the newest witnessed checkpoint; nobody where there is none."""
        note = await Cosigned(self.story.ledger.rows.pool).latest()
        return set() if note is None else set(self.policy.witnessed_by(note))

    async def size(self) -> int:
        """The size of the newest witnessed checkpoint."""
        note = await Cosigned(self.story.ledger.rows.pool).latest()
        return 0 if note is None else open_note(note)[1].size

    async def grow(self) -> int:
        """Say one thing more; gives the size once its checkpoint is there."""
        await self.story.note("Slept well.")
        size = await self.story.ledger.rows.size()
        await until(self._is_signed, size)
        return size

    async def _is_signed(self, size: int) -> bool:
        return open_note(await self.story.ledger.receipts.latest_checkpoint())[1].size >= size

    async def is_witnessed(self) -> bool:
        return await self.size() > 0


async def until(condition: Callable[..., Awaitable[bool]], *values: int) -> None:
    """Look again and again, for a minute; nobody tells when it is so."""
    for _ in range(3000):
        if await condition(*values):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{condition.__qualname__} did not come about")


@pytest.fixture
async def scene(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """However busy the machine is, whoever answers at all is nearly there."""
    monkeypatch.setattr("api.cosigning.GRACE", 60.0)
    places, witnesses = {}, []
    for name in NAMES:
        home = WitnessHome.create(tmp_path / name, f"{name}.example.org/w")
        cosigner = Cosigner(home.signers, [KEYRING.log.verifier], home.state, clock)
        places[name] = Place(home, cosigner, create_witness_app(cosigner))
        kind = NAMES.index(name) % 2  # a and c are told by Ed25519, b by ML-DSA-44
        witnesses.append(Witness(name, home.signers[kind].key, f"http://{name}.test/w"))
    policy = TrustPolicy.parse(_text(witnesses))
    async with _clients(places, policy) as clients:
        yield Scene(story, policy, places, clients, Rounds(story.ledger, policy, clients))


def _text(witnesses: list[Witness]) -> str:
    lines = [f"log {key}" for pair in KEYRING.log.verifier.pairs for key in pair.keys]
    lines += [f"witness {one.name} {one.key} {one.url}" for one in witnesses]
    return "\n".join([*lines, "group most 2 a b c", "quorum most", ""])


@asynccontextmanager
async def _clients(places: dict[str, Place], policy: TrustPolicy) -> AsyncIterator[list[WitnessClient]]:
    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope["headers"])[b"host"].decode().removesuffix(".test")
        scope["path"] = scope["path"].removeprefix("/w")
        await places[host](scope, receive, send)

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(routed)) as http:  # type: ignore[arg-type]
        yield [WitnessClient(str(one.url), [one], http) for one in policy.witnesses]


def answering(status: int, body: bytes, kind: bytes = b"text/plain", after: float = 0) -> Server:
    """A server that says the same to everybody."""

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(after)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": body})

    return server


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, str]]]:
    caplog.set_level(logging.INFO, "record_ledger.cosigning")
    return lambda: [(r.levelname, r.getMessage()) for r in caplog.records if r.name == "record_ledger.cosigning"]


async def test_a_checkpoint_is_witnessed_with_everybodys_lines_once_the_quorum_is_there(scene: Scene) -> None:
    await scene.rounds.round()
    assert await scene.witnessed() == {"a", "b", "c"}
    note = await Cosigned(scene.story.ledger.rows.pool).latest()
    assert note is not None
    scene.policy.check_witnessed(note)
    assert KEYRING.log.verifier.open_checkpoint(note).size == await scene.story.ledger.rows.size()


async def test_nobody_is_asked_about_what_is_witnessed(scene: Scene) -> None:
    await scene.rounds.round()
    before = [place.asked for place in scene.places.values()]
    await scene.rounds.round()
    assert [place.asked for place in scene.places.values()] == before
    size = await scene.grow()
    await scene.rounds.round()
    assert await scene.size() == size
    assert [place.asked - n for place, n in zip(scene.places.values(), before, strict=True)] == [1, 1, 1]


async def test_a_witness_that_knows_another_size_is_given_the_proof_from_there(scene: Scene) -> None:
    await scene.rounds.round()
    first = await scene.size()
    scene.places["a"].server, away = answering(500, b""), scene.places["a"].server
    for _ in range(2):
        await scene.grow()
        await scene.rounds.round()
        assert await scene.witnessed() == {"b", "c"}
    scene.places["a"].server = away
    fresh = Rounds(scene.story.ledger, scene.policy, scene.clients)  # a service that has just started
    size = await scene.grow()
    await fresh.round()
    assert (await scene.witnessed(), await scene.size()) == ({"a", "b", "c"}, size)
    known = scene.places["a"].home.state.latest(KEYRING.origin)
    assert known is not None
    assert known[0].size == size > first


USELESS = {
    "down": (500, b"", b"text/plain"),
    "of another log": (404, b"{}", b"application/problem+json"),
    "no cosignature": (200, b"", b"text/plain"),
    "a page": (200, b"<html>hello</html>\n", b"text/html"),
    "a stranger's cosignature": (200, "— w.example.org/w AAAAAAAAAAAA\n".encode(), b"text/plain"),
    "more than anybody reads": (200, b"x" * (LARGEST_REQUEST + 1), b"text/plain"),
    "a size with a sign": (409, b"+3\n", b"text/x.tlog.size"),
    "a size in other words": (409, b"three\n", b"text/x.tlog.size"),
    "a redirection": (301, b"", b"text/plain"),
}


@pytest.mark.parametrize(("status", "body", "kind"), USELESS.values(), ids=USELESS)
async def test_an_answer_of_no_use_does_not_count_and_is_told_once(
    scene: Scene, told: Callable[[], list[tuple[str, str]]], status: int, body: bytes, kind: bytes
) -> None:
    scene.places["b"].server = answering(status, body, kind)
    await scene.rounds.round()
    assert await scene.witnessed() == {"a", "c"}
    await scene.grow()
    await scene.rounds.round()
    warned = [text for level, text in told() if level == "WARNING"]
    assert len(warned) == 1
    assert warned[0].startswith("witness b at http://b.test/w: ")
    assert "got " in warned[0]


async def test_a_cosignature_by_a_key_that_the_policy_does_not_have_does_not_count(
    scene: Scene, tmp_path: Path
) -> None:
    other = WitnessHome.create(tmp_path / "other", "a.example.org/w")
    impostor = Cosigner(other.signers, [KEYRING.log.verifier], other.state, clock)
    for name in ("a", "b"):
        scene.places[name].server = create_witness_app(impostor)
    await scene.rounds.round()
    assert await scene.witnessed() == set()


async def test_with_too_few_cosignatures_nothing_is_called_witnessed(
    scene: Scene, told: Callable[[], list[tuple[str, str]]]
) -> None:
    back = {name: scene.places[name].server for name in ("a", "b")}
    for name in back:
        scene.places[name].server = answering(503, b"")
    await scene.rounds.round()
    assert await scene.size() == 0
    assert any("got cosignatures of c, wanted the quorum 'most'" in text for _, text in told())
    scene.places["a"].server = back["a"]
    await scene.rounds.round()
    assert await scene.witnessed() == {"a", "c"}


async def test_a_slow_witness_is_waited_for_a_moment_and_a_hanging_one_not(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("cosigning.GRACE", 0.1), ("cosigning.WITHIN", 900.0), ("witnesses.WITHIN", 900.0)):
        monkeypatch.setattr(f"api.{name}", seconds)
    scene.places["b"].server = answering(200, b"", after=900)
    async with asyncio.timeout(60):
        await scene.rounds.round()
    assert await scene.witnessed() == {"a", "c"}


async def test_a_witness_of_another_history_is_told_as_an_error_and_the_others_count(
    scene: Scene, told: Callable[[], list[tuple[str, str]]]
) -> None:
    scene.places["b"].cosigner.add_checkpoint(AddCheckpoint(0, (), KEYRING.log.sign_checkpoint(CONFLICT, 1)))
    for _ in range(2):
        await scene.rounds.round()
        assert await scene.witnessed() == {"a", "c"}
        await scene.grow()
    errors = [text for level, text in told() if level == "ERROR"]
    assert len(errors) == 1
    assert "witness b at http://b.test/w says 422" in errors[0]
    known = scene.places["b"].home.state.latest(KEYRING.origin)
    assert known is not None
    assert known[0] == CONFLICT


async def test_a_witness_that_knows_more_than_the_database_is_told_as_an_error_and_never_overridden(
    scene: Scene, told: Callable[[], list[tuple[str, str]]]
) -> None:
    more = Checkpoint(KEYRING.origin, 100_000, NodeHash(b"x" * 32))
    scene.places["c"].cosigner.add_checkpoint(AddCheckpoint(0, (), KEYRING.log.sign_checkpoint(more, 1)))
    for _ in range(2):
        await scene.rounds.round()
        assert await scene.witnessed() == {"a", "b"}
        await scene.grow()
    errors = [text for level, text in told() if level == "ERROR"]
    assert len(errors) == 1
    assert "knows 100000 entries, and the database has" in errors[0]


async def test_a_witness_that_another_process_of_this_ledger_asked_is_no_error(
    scene: Scene, told: Callable[[], list[tuple[str, str]]]
) -> None:
    older = await scene.story.ledger.receipts.latest_checkpoint()
    await scene.grow()
    await scene.rounds.round()
    [client] = [client for client in scene.clients if client.name == "a"]
    assert await scene.rounds._ask(client, older) == ()
    assert [text for level, text in told() if level != "INFO"] == []


async def test_the_same_size_told_again_is_a_disagreement_and_not_asked_for_ever(scene: Scene) -> None:
    [client] = [client for client in scene.clients if client.name == "a"]
    note = await scene.story.ledger.receipts.latest_checkpoint()
    scene.places["a"].server = answering(409, b"3\n", b"text/x.tlog.size")
    assert await client.ask(AddCheckpoint(0, (), note)) == KnowsSize(3)
    assert isinstance(await client.ask(AddCheckpoint(3, (), note)), Disagrees)


async def test_an_answer_that_takes_too_long_is_none(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.witnesses.WITHIN", 0.05)
    scene.places["a"].server = answering(200, b"", after=60)
    note = await scene.story.ledger.receipts.latest_checkpoint()
    with pytest.raises(WitnessFailed, match="TimeoutError"):
        await scene.clients[0].ask(AddCheckpoint(0, (), note))


async def test_what_goes_wrong_in_a_round_is_told_once_and_the_next_one_goes_on(
    scene: Scene, told: Callable[[], list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.cosigning.EVERY", 0.02)
    waiting, failures = Cosigned.waiting, iter(range(3))

    async def failing(self: Cosigned) -> bytes | None:
        if next(failures, None) is not None:
            raise ZeroDivisionError("whatever it is")
        return await waiting(self)

    monkeypatch.setattr(Cosigned, "waiting", failing)
    running = asyncio.create_task(scene.rounds.run())
    await until(scene.is_witnessed)
    running.cancel()
    assert [text for level, text in told() if level == "ERROR"] == ["ZeroDivisionError: whatever it is"]
    assert await scene.witnessed() == {"a", "b", "c"}


NOT_FOR_IT = {
    "lists other logs only": ("log", "wanted its verifier keys among them"),
    "says of too few witnesses where they are": ("url", "wanted them for the quorum 'most'"),
}


@pytest.mark.parametrize(("what", "why"), NOT_FOR_IT.values(), ids=NOT_FOR_IT)
async def test_a_policy_that_cannot_be_met_is_refused_at_the_start(scene: Scene, what: str, why: str) -> None:
    text = str(scene.policy)
    if what == "url":
        text = text.replace(" http://a.test/w", "").replace(" http://b.test/w", "")
    else:
        lines = [line for line in text.splitlines() if not line.startswith("log")]
        text = "\n".join([*(f"log {key}" for pair in KEYS.verifier.pairs for key in pair.keys), *lines, ""])
    with pytest.raises(SettingsError, match=why):
        async with cosigning(scene.story.ledger, TrustPolicy.parse(text)):
            raise AssertionError("it started")


async def test_the_table_takes_a_note_once_and_finds_the_smallest_that_covers_a_position(scene: Scene) -> None:
    notes = Cosigned(scene.story.ledger.rows.pool)
    assert await notes.covering(0) is None
    await scene.rounds.round()
    first = await scene.size()
    kept = await notes.latest()
    assert kept is not None
    await notes.keep(kept)  # as another process may have done
    size = await scene.grow()
    await scene.rounds.round()
    assert await notes.covering(first - 1) == kept
    assert await notes.covering(first) == await notes.latest() != kept
    assert await notes.covering(size) is None
    assert await notes.waiting() is None
