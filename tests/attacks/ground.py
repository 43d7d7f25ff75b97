"""Ground on which attacks are made: a ledger that was lived in, its service and commands as real processes."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from api.clock import clock
from api.secrets import NAMES
from ledger.core.canonical import base64url
from ledger.core.receipt import Receipt
from ledger.saying import By
from ledger.use_cases.items import Draft
from tests.begun import PROGRAM, Popen, run
from tests.command_line.running import environment
from tests.http.served import Client, Key, form_of, new_key
from tests.postgres_fixture import Database
from tests.store.covered import covered
from tests.story import KEYRING, Story, story_of
from tests.verify.conftest import take_guards_off

SIGNING = ("amina", "sam", "okafor", "ruth", "greta", "ada", "bert")


@dataclass(frozen=True)
class Lived:
    """What was said before the attack: who is there, with keys of their own, and receipts that were given out."""

    people: Mapping[str, By]
    keys: Mapping[str, Key]
    record: str
    note: str
    positions: Mapping[str, int]
    receipts: Mapping[str, Receipt]


async def live(database: Database) -> Lived:
    """Fill more than a tile, share a part, look, withdraw; and give the receipts of what was said on the way."""
    async with story_of(database) as story:
        people = {name: getattr(story, name) for name in SIGNING}
        keys = {name: await _enrolled(story, by) for name, by in people.items()}
        drafts = [Draft("note", f"Slept badly, night {n}.") for n in range(260)]
        said = await asyncio.gather(*(story.ledger.items.add(story.okafor, story.record, one) for one in drafts))
        note = str(said[0].facts["item"])
        shared = await story.share({"kind": "item", "of": note})
        await story.carer_view()
        withdrawn = await story.ledger.sharing.withdraw(story.amina, story.record, shared)
        late = await story.ledger.items.add(story.okafor, story.record, Draft("note", "Sleeps better now."))
        await story.settled()
        await covered(story.ledger)
        answers = {"note": said[0], "withdrawn": withdrawn, "late": late}
        return Lived(
            people, keys, story.record, note,
            {name: answer.position for name, answer in answers.items()},
            {name: answer.receipt for name, answer in answers.items()},
        )  # fmt: skip


async def _enrolled(story: Story, by: By) -> Key:
    key = new_key()
    await story.ledger.people.enrol_key(By(story.bert.person, "registrar"), by.person, key.signer.public)
    return key


def write_keys(home: Path) -> None:
    """The secrets of the story's ledger as files, where a real process looks for them."""
    (home / "keys").mkdir(parents=True, mode=0o700)
    for n, name in enumerate(NAMES, 1):
        file = home / "keys" / f"{name}.key"
        file.write_text(base64url(bytes([n]) * 32) + "\n")
        file.chmod(0o600)


@dataclass
class Ground:
    """One copy of the ledger: its database, its home, and ways to attack it."""

    home: Path
    database: Database
    lived: Lived
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are told."""
        database = {
            "LEDGER_DATABASE_URL": self.database.dsn(),
            "LEDGER_READER_URL": self.database.dsn("ledger_reader"),
        }
        return environment(self.home, **database, LEDGER_ORIGIN=KEYRING.origin, **self.settings)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the product, to its end."""
        return run([PROGRAM, *words], env=self.environment, timeout=120)

    def verify(self, *words: str) -> dict[str, Any]:
        """What ``record-ledger verify --json`` says; it ends with 1 exactly where something is wrong."""
        done = self.run("verify", *words, "--json")
        assert done.returncode in (0, 1), done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        assert told["ok"] == (done.returncode == 0)
        return told

    def first_wrong(self, *words: str) -> dict[str, Any]:
        """The first wrong thing that ``verify`` names."""
        told = self.verify(*words)
        assert not told["ok"], "the attack was not seen"
        wrong: dict[str, Any] = told["first_wrong"]["wrong"]
        return wrong

    def tamper(self, statement: str, *values: Any) -> None:
        """SQL by a superuser, past every trigger and constraint, which stays."""
        with psycopg.connect(self.database.superuser_dsn) as connection:
            take_guards_off(connection)
            done = connection.execute(statement.encode(), values or None)
            assert done.rowcount != 0, "the attack did nothing"

    def run_sql(self, statement: str) -> None:
        """SQL by a superuser."""
        with psycopg.connect(self.database.superuser_dsn) as connection:
            connection.execute(statement.encode())

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows, as a superuser sees them."""
        with psycopg.connect(self.database.superuser_dsn) as connection:
            return connection.execute(query.encode(), values).fetchall()

    @contextmanager
    def serving(self, *words: str) -> Iterator[httpx.Client]:
        """``record-ledger serve`` in a process of its own, and a client of it."""
        command = [PROGRAM, "serve", "--port", "0", *words]
        log = self.home / f"serve-{time.time_ns()}.log"
        with log.open("w") as told, Popen(command, env=self.environment, stderr=told) as process:
            try:
                with httpx.Client(base_url=_url_in(log, process), timeout=20) as http:
                    yield http
            finally:
                if process.poll() is None:
                    os.kill(process.pid, signal.SIGTERM)
                process.wait(20)

    def sign_in(self, http: httpx.Client, name: str, acting_as: str | None = None) -> dict[str, str]:
        """The headers of somebody of the story who signed in with their key."""
        by = self.lived.people[name]
        form = form_of(self.lived.keys[name].assertion(by.person), f"acting_as:{acting_as or by.acting_as}")
        answer = http.post("/token", data=form)
        assert answer.status_code == 200, answer.text
        return {"authorization": f"Bearer {answer.json()['access_token']}"}

    def client(self, name: str) -> Client:
        """Somebody as ``tests.http`` knows clients, for signing what they say; it sends nothing."""
        return Client(None, self.lived.people[name], self.lived.keys[name], "")  # type: ignore[arg-type]


def _url_in(log: Path, process: "subprocess.Popen[bytes]") -> str:
    """The address that a service tells once it can be reached."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for line in log.read_text().splitlines():
            if " serves " in line and " at http" in line:
                return line.rsplit(" ", 1)[1]
        assert process.poll() is None, f"the service ended: {log.read_text()[-2000:]}"
        time.sleep(0.05)
    raise AssertionError("the service did not say where it is")


def now_ms() -> int:
    """The present instant, in milliseconds."""
    return int(clock())


def threat(attack: str) -> str:
    """The row of the threat model about an attack, by how it begins."""
    text = (Path(__file__).parents[2] / "docs" / "threat-model.md").read_text()
    [row] = [line for line in text.splitlines() if line.startswith(f"| {attack}")]
    return row
