"""kill -9 of the service and of PostgreSQL at random moments under load: nothing acknowledged is lost or doubled.

Six rounds here; ``CRASH_ROUNDS=50`` for as many as are wanted.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.settings import Settings
from api.wiring import House, ledger_of, open_house
from ledger.core.receipt import Receipt, check_receipt
from ledger.store.keyring import Keyring
from tests.begun import Popen
from tests.store.cast import Cast, gather_cast
from tests.store.writer import statement_id

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "6"))
IN_FLIGHT = 32


@dataclass
class Writer:
    """A writer process and what it has acknowledged so far."""

    process: "subprocess.Popen[str]"
    lines: list[dict[str, Any]] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def start(cls, home: Path, cast: Cast, name: str) -> "Writer":
        command = [sys.executable, "-m", "tests.store.writer", str(home), cast.record, cast.clinician]
        process = Popen([*command, str(IN_FLIGHT), name], stdout=subprocess.PIPE, text=True)
        writer = cls(process)
        threading.Thread(target=writer._read, daemon=True).start()
        assert writer.ready.wait(60), "the writer did not start by itself"
        return writer

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):
                self.lines.append(json.loads(line))
                self.ready.set()

    def acknowledged(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if "position" in line]

    def await_more(self, count: int) -> None:
        """Wait until there are this many acknowledgements more: the load goes on."""
        wanted, deadline = len(self.acknowledged()) + count, time.monotonic() + 60
        while len(self.acknowledged()) < wanted:
            assert time.monotonic() < deadline, f"no acknowledgement any more: {self.lines[-1:]}"
            assert self.process.poll() is None, "the writer ended by itself"
            time.sleep(0.01)

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()


def kill_postgres(house_data: Path) -> None:
    pid = int((house_data / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home)


async def test_kill_9_of_service_and_postgres_under_load_loses_and_doubles_nothing(settings: Settings) -> None:
    dice, acknowledged = random.Random(20260503), []
    with open_house(settings) as house:
        async with ledger_of(house) as ledger:
            cast = await gather_cast(ledger)
        data = _data_folder(house)
    for n in range(ROUNDS):
        writer = Writer.start(settings.home, cast, f"writer-{n}")
        writer.await_more(dice.randrange(1, 200))
        if n % 2:
            kill_postgres(data)
            writer.await_more(dice.randrange(1, 200))  # it started PostgreSQL again without a hand
        writer.kill()
        acknowledged += [(f"writer-{n}", line) for line in writer.acknowledged()]
    assert len(acknowledged) > ROUNDS
    with open_house(settings) as house:
        _check_each_is_there_once(house, acknowledged)


def _data_folder(house: House) -> Path:
    with psycopg.connect(house.migrator) as connection:
        row = connection.execute("show data_directory").fetchone()
    assert row is not None
    return Path(row[0])


def _check_each_is_there_once(house: House, acknowledged: list[tuple[str, dict[str, Any]]]) -> None:
    with psycopg.connect(house.conninfo) as connection:
        rows = connection.execute("select position, statement, entry from ledger.entry order by position").fetchall()
        head = connection.execute("select size from ledger.head").fetchone()
    assert [position for position, _, _ in rows] == list(range(len(rows)))
    assert head == (len(rows),)
    entries = {str(statement): (position, entry) for position, statement, entry in rows}
    assert max(Counter(str(statement) for _, statement, _ in rows).values()) == 1
    for name, line in acknowledged:
        position, entry = entries[statement_id(name, line["n"])]
        assert position == line["position"]
        _check_receipt(house.keyring, line, entry)


def _check_receipt(keyring: Keyring, line: dict[str, Any], entry: bytes) -> None:
    receipt = Receipt.from_json(line["receipt"])
    check_receipt(receipt, keyring.log.verifier)
    assert receipt.entry == entry
