"""A ledger of its own in which words are erased: its home, its people with keys, its service as a real process."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from api.clock import clock
from api.settings import Settings
from api.wiring import House, ledger_of, open_house
from ledger.core.entry import read_entry
from ledger.core.sealing import Part, SealedBytes, SealedPart, WrappedKey, open_sealed
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.store.keyring import Keyring
from tests.begun import PROGRAM, Popen
from tests.command_line.running import call, environment
from tests.http.served import Key, form_of, new_key

NAMES = {
    "amina": "Amina Diallo",
    "sam": "Sam Diallo",
    "okafor": "Dr Okafor",
    "greta": "Greta Holm",
    "lars": "Lars Berg",
}
ACTING = {"amina": "patient", "sam": "carer", "okafor": "clinician", "greta": "guardian", "lars": "guardian"}


@dataclass(frozen=True)
class Place:
    """The home of a ledger, who is in it, and the record of Amina."""

    home: Path
    people: dict[str, By]
    keys: dict[str, Key]
    record: str

    @property
    def path(self) -> str:
        return f"/records/{self.record}"

    @property
    def log(self) -> Path:
        """What the service said."""
        return self.home / "service.log"

    def told(self, *words: str) -> Any:
        """What a command of the product says, as JSON; it must succeed. It runs beside the service, in this process."""
        said = call(self.home, *words, "--json")
        assert said.exit_code == 0, said.output
        return json.loads(said.stdout)

    @contextmanager
    def serving(self) -> Iterator[httpx.Client]:
        """The service, until it is told to stop."""
        with self.log.open("a") as log:
            before = log.tell()
            command = [PROGRAM, "serve", "--port", "0"]
            with Popen(command, env=environment(self.home), stdout=log, stderr=log, text=True) as process:
                try:
                    with httpx.Client(base_url=_url(process, self.log, before), timeout=30) as http:
                        yield http
                    process.send_signal(signal.SIGTERM)
                    assert process.wait(20) == 0
                finally:
                    process.kill()

    def sign_in(self, http: httpx.Client, name: str) -> "Caller":
        """Somebody with a token."""
        by, key = self.people[name], self.keys[name]
        answer = http.post("/token", data=form_of(key.assertion(by.person, aud=_ORIGIN), f"acting_as:{by.acting_as}"))
        assert answer.status_code == 200, answer.text
        return Caller(http, {"authorization": f"Bearer {answer.json()['access_token']}"}, by)


@dataclass(frozen=True)
class Caller:
    """Somebody who is signed in to the service."""

    http: httpx.Client
    headers: dict[str, str]
    by: By

    def say(self, path: str, /, **body: Any) -> dict[str, Any]:
        """Say something that must be admitted."""
        answer = self.post(path, **body)
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def post(self, path: str, /, **body: Any) -> httpx.Response:
        return self.http.post(path, json=body, headers=self.headers)

    def items(self, path: str) -> list[dict[str, Any]]:
        """The items that this reader is shown of a record."""
        query = {"purpose": "appointment"} if self.by.acting_as == "clinician" else {}
        answer = self.http.get(path, params=query, headers=self.headers)
        assert answer.status_code == 200, answer.text
        shown: list[dict[str, Any]] = answer.json()["items"]
        return shown


_ORIGIN = Settings(home=Path("/")).origin


async def move_in(home: Path) -> Place:
    """Make a ledger at a home and let everybody come in, with keys of their own."""
    with open_house(Settings(home=home)) as house:
        async with ledger_of(house) as ledger:
            return await _come_in(home, ledger)


async def _come_in(home: Path, ledger: Ledger) -> Place:
    ada, bert = (By(founder, "administrator") for founder in ledger.people.founders)
    ids = {name: str((await ledger.people.register(ada, told)).facts["person"]) for name, told in NAMES.items()}
    for name in ("okafor", "greta", "lars"):
        await ledger.people.grant(ada, ids[name], ACTING[name])
    for name in ("greta", "lars"):
        await ledger.people.approve(bert, ids[name], ACTING[name])
    record = str((await ledger.care.open_record(ada, ids["amina"])).facts["record"])
    await ledger.care.start(ada, record, ground="referral", person=ids["okafor"])
    await ledger.care.name_carer(By(ids["amina"], "patient"), record, ids["sam"], "son")
    keys = {name: new_key() for name in NAMES}
    for name, key in keys.items():
        await ledger.people.enrol_key(By(bert.person, "registrar"), ids[name], key.signer.public)
    return Place(home, {name: By(ids[name], ACTING[name]) for name in NAMES}, keys, record)


def opened_contents(house: House) -> bytes:
    """Everything that the vault's keys open, with every generation that is held."""
    query = """
        select e.entry, v.part, case when v.part = 0 then e.facts else e.words end, v.wrapped, v.generation
        from ledger.vault v join ledger.entry e using (position)
    """
    with psycopg.connect(house.migrator) as connection:
        return b"\0".join(_opened(row, house.keyring) for row in connection.execute(query))


def _opened(row: tuple[Any, ...], keyring: Keyring) -> bytes:
    entry, part, sealed, wrapped, generation = row
    statement = read_entry(entry).signed.statement
    kept = SealedPart(SealedBytes(sealed), WrappedKey(wrapped))
    return open_sealed(kept, statement.id, Part(part), keyring.opener(generation)).body


def _url(process: "subprocess.Popen[str]", log: Path, before: int) -> str:
    deadline = clock() + 60_000
    while clock() < deadline and process.poll() is None:
        said = log.read_text()[before:]
        if " at http" in said:
            return said.partition(" at http")[2].split()[0].join(["http", ""])
    raise AssertionError(f"the service did not start: {log.read_text()}")
