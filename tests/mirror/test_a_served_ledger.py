"""A ledger that is really served, by the real command, and mirrors of it: whole processes, and kill -9."""

import asyncio
import json
import random
import shutil
import subprocess
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.clock import clock
from api.postgres import EmbeddedPostgres
from api.secrets import load_keyring
from api.settings import Settings
from ledger.ledger import open_ledger
from ledger.mirror import MirrorFolder
from ledger.use_cases.items import Draft
from ledger.verify.mirror import verify_mirror
from tests.begun import PROGRAM, Popen
from tests.command_line.running import call, environment, run
from tests.mirror.whole import assert_whole
from tests.postgres_fixture import UNSAFE_FAST, home_in_memory
from tests.store.cast import gather_cast


@dataclass
class Served:
    """A ledger in its home, at its address, and the key file of Ruth, who audits it."""

    home: Path
    url: str
    ruth: Path
    folder: MirrorFolder

    def words(self, *more: str) -> list[str]:
        return ["mirror", self.url, str(self.folder.path), "--key", str(self.ruth), *more]

    def write(self, notes: int) -> None:
        """Let a clinician write so many notes, and wait for the checkpoint over them."""

        async def writing() -> int:
            keyring = load_keyring(self.home, Settings().origin)
            async with open_ledger(EmbeddedPostgres(self.home).dsn(), keyring, clock) as ledger:
                cast = await gather_cast(ledger)
                drafts = (Draft("note", f"Night {n}.") for n in range(notes))
                await asyncio.gather(*(ledger.items.add(cast.doctor, cast.record, draft) for draft in drafts))
                return await ledger.rows.size()

        size = asyncio.run(writing())
        until = time.monotonic() + 90
        while self.shown() < size:
            assert time.monotonic() < until, "no checkpoint over what was written"
            time.sleep(0.05)

    def shown(self) -> int:
        """The size of the checkpoint that is served."""
        with urllib.request.urlopen(f"{self.url}/log/checkpoint") as answer:  # noqa: S310 - our own address
            return int(answer.read().split(b"\n")[1])


@contextmanager
def served(home: Path, beside: Path) -> Iterator[Served]:
    """Serve a home's ledger, with an auditor in it."""

    def answer(*words: str) -> dict[str, str]:
        done = call(home, *words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    with EmbeddedPostgres(home, options=UNSAFE_FAST):
        ruth = answer("people", "add", "Ruth Abara", "--role", "auditor")["person"]
        answer("keys", "make", ruth, "--to", str(beside / "ruth.jwk"))
        with Popen(
            [PROGRAM, "serve", "--port", "0"], env=environment(home), stderr=subprocess.PIPE, text=True
        ) as service:
            try:
                assert service.stderr is not None
                url = next(line.split()[-1] for line in service.stderr if line.startswith("record-ledger serves"))
                # It tells of each request: a pipe that nobody empties would hold it up, once it is full.
                threading.Thread(target=deque, args=(service.stderr, 0), daemon=True).start()
                yield Served(home, url, beside / "ruth.jwk", MirrorFolder(beside / "mirror"))
            finally:
                service.terminate()
                service.wait(60)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with home_in_memory() as home, served(home, tmp_path_factory.mktemp("ruth")) as one:
        with urllib.request.urlopen(f"{one.url}/log/verifier") as answer:  # noqa: S310 - our own address
            (one.ruth.parent / "verifier.txt").write_bytes(answer.read())
        one.write(280)
        done = run(one.home, *one.words("--verifier", str(one.ruth.parent / "verifier.txt")))
        assert done.returncode == 0, done.stderr
        yield one


def entries_of(ledger: Served) -> list[bytes]:
    """What the database has, by position."""

    async def reading() -> list[bytes]:
        keyring = load_keyring(ledger.home, Settings().origin)
        async with open_ledger(EmbeddedPostgres(ledger.home).dsn(), keyring, clock) as opened:
            return [kept.state for kept in await opened.rows.read_log(0, 100_000)]

    return asyncio.run(reading())


def test_a_mirror_has_what_the_database_has_and_goes_on(ledger: Served) -> None:
    assert ledger.folder.kept().size > 280
    ledger.write(30)
    done = run(ledger.home, *ledger.words("--json"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["added"] >= 30
    assert_whole(ledger.folder, entries_of(ledger), told["size"])
    outcome = verify_mirror(ledger.folder, ledger.folder.verifier(), at=clock())
    assert outcome.ok, str(outcome)
    assert outcome.size == told["size"]


def test_a_mirror_that_is_killed_again_and_again_while_the_log_grows_is_whole_each_time(ledger: Served) -> None:
    dice, sizes = random.Random(7), []
    for _ in range(5):
        ledger.write(70)
        with Popen(
            [PROGRAM, *ledger.words("--every", "1")], env=environment(ledger.home), stdout=subprocess.DEVNULL
        ) as program:
            time.sleep(0.7 + dice.random())
            program.kill()
        sizes.append(ledger.folder.kept().size)
        assert_whole(ledger.folder, entries_of(ledger), sizes[-1], alone=False)
        assert sizes == sorted(sizes)
    done = run(ledger.home, *ledger.words())
    assert done.returncode == 0, done.stderr
    assert_whole(ledger.folder, entries_of(ledger), ledger.folder.kept().size)


def test_a_second_ledger_under_the_same_name_and_keys_is_refused(
    ledger: Served, tmp_path_factory: pytest.TempPathFactory
) -> None:
    beside = tmp_path_factory.mktemp("other")
    kept = ledger.folder.note()
    with home_in_memory() as home:
        home.mkdir()
        shutil.copytree(ledger.home / "keys", home / "keys")
        with served(home, beside) as other:
            other.folder = ledger.folder
            other.write(900)
            refused = run(home, *other.words())
    assert refused.returncode == 1, refused.stderr
    assert "does not go on from" in refused.stderr
    assert "the log's keys have signed both histories" in " ".join(refused.stderr.split())
    [evidence] = (ledger.folder.path / "refused").iterdir()
    assert (evidence / "checkpoint-kept").read_bytes() == kept == ledger.folder.note()
    assert ledger.folder.verifier().open_checkpoint((evidence / "checkpoint-shown").read_bytes()).size > 900
    shutil.rmtree(ledger.folder.path / "refused")


def test_whoever_is_no_auditor_gets_no_entries(ledger: Served, tmp_path: Path) -> None:
    amina = json.loads(call(ledger.home, "people", "add", "Amina", "--json").stdout)["person"]
    assert call(ledger.home, "keys", "make", amina, "--to", str(tmp_path / "amina.jwk")).exit_code == 0
    words = ["mirror", ledger.url, str(tmp_path / "mirror"), "--key", str(tmp_path / "amina.jwk")]
    refused = run(ledger.home, *words, "--verifier", str(ledger.ruth.parent / "verifier.txt"))
    assert refused.returncode == 1, refused.stderr
    assert "needs the role auditor" in " ".join(refused.stderr.split())
    assert MirrorFolder(tmp_path / "mirror").note() is None
