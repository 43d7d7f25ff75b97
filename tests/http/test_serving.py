"""Serving for real: sockets, signals, and a log in which nobody's words are."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from api.http.serving import ServingFailed, serve
from api.settings import Settings
from api.wiring import House
from ledger.saying import By
from tests.http.served import Key, form_of, new_key
from tests.postgres_fixture import Database
from tests.story import KEYRING, Story

_PROGRAM = """
import logging, sys
from pathlib import Path
from api.http.serving import serve
from api.settings import Settings
from api.wiring import House
from tests.keyring import fixed_keyring

logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(name)s %(message)s")
house = House(Settings(home=Path(sys.argv[1]), port=0), fixed_keyring(), sys.argv[2], sys.argv[2])
serve(house, lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@contextmanager
def serving(home: Path, database: Database) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A service in a process of its own, and its URL."""
    command = [sys.executable, "-c", _PROGRAM, str(home), database.dsn()]
    log = (home / "log").open("w")
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=log, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


async def signed_in(http: httpx.AsyncClient, key: Key, person: str) -> dict[str, str]:
    answer = await http.post("/token", data=form_of(key.assertion(person)))
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


async def test_it_serves_stops_when_told_and_logs_no_words(story: Story, tmp_path: Path) -> None:
    key, amina, record = new_key(), story.amina.person, f"/records/{story.record}"
    registrar = By(story.bert.person, "registrar")
    await story.ledger.people.enrol_key(registrar, amina, key.signer.public)
    with serving(tmp_path, story.database) as (url, process):
        async with httpx.AsyncClient(base_url=url) as http:
            http.headers.update(await signed_in(http, key, amina))
            said = await http.post(f"{record}/items", json={"kind": "contribution", "text": "A secret word."})
            assert said.status_code == 201, said.text
            seen = await http.get(f"{record}?limit=5&purpose=own-record")
            assert [item["text"] for item in seen.json()["items"]] == ["A secret word."]
            assert "server" not in seen.headers
            assert seen.headers["x-content-type-options"] == "nosniff"
            assert (await http.get("/Amina-Diallo?name=Diallo")).status_code == 404
            assert (await http.post(f"{record}/items", content=b'{"text":"A secret')).status_code == 422
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stdout is not None
        assert process.stdout.read().strip() == "stopped"
    log = (tmp_path / "log").read_text()
    assert "record_ledger.access POST /records/{record}/items 201" in log
    assert "GET - 404" in log
    token = http.headers["authorization"].removeprefix("Bearer ")
    for word in ("secret", "Diallo", "limit=5", "own-record", story.record, token[:30]):
        assert word not in log


def test_it_says_why_it_cannot_start(database: Database, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        house = House(Settings(home=tmp_path, port=port), KEYRING, database.dsn(), database.superuser_dsn)
        with pytest.raises(ServingFailed, match=str(port)):
            serve(house)
    nowhere = "host=/nowhere dbname=ledger user=ledger_app connect_timeout=1"
    with pytest.raises(ServingFailed, match="database"):
        serve(House(Settings(home=tmp_path, port=0), KEYRING, nowhere, nowhere))
