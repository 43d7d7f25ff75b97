"""Bringing people in from the command line: the first administrator's link, invitations, and letting back in."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from api.postgres import EmbeddedPostgres
from tests.begun import PROGRAM, Popen
from tests.command_line.running import call, environment
from tests.postgres_fixture import UNSAFE_FAST, home_in_memory
from tests.sign_in.authenticator import Authenticator
from tests.sign_in.authenticator import Browser as Page


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home whose database runs, so that each command only attaches."""
    with home_in_memory() as path, EmbeddedPostgres(path, options=UNSAFE_FAST):
        yield path


def answer(home: Path, *words: str) -> Any:
    result = call(home, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_serve_prints_a_link_by_which_the_first_administrator_comes_in(home: Path) -> None:
    command = [PROGRAM, "serve", "--port", "0"]
    with Popen(command, env=environment(home), stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            link = next(line.strip() for line in process.stderr if "/invitation#" in line)
            place, _, secret = link.partition("/invitation#")
            assert urlsplit(place).hostname == "localhost"
            with httpx.Client(base_url=place) as http:
                opened = http.post("/invitations/open", json={"secret": secret}).json()
                made = Authenticator().make(opened["options"], Page(origin=place))
                accepted = {"ticket": opened["ticket"], "credential": made, "name": "My phone"}
                entered = http.post("/invitations/accept", json=accepted)
            assert entered.status_code == 201, entered.text
            assert entered.json()["acting_as"] == "administrator"
            assert entered.json()["passkey"]["enrolled"]
        finally:
            process.terminate()
            _, told = process.communicate(timeout=60)
    assert secret not in told


def test_a_keeper_invites_whom_nobody_let_in_and_lets_back_in_by_both_founders(home: Path) -> None:
    person = answer(home, "people", "add", "Dr Okafor", "--role", "clinician")["person"]
    first, second = answer(home, "people", "invite", person), answer(home, "people", "invite", person)
    assert first["link"].startswith("http://localhost:8420/invitation#")
    assert first["link"] != second["link"]
    printed = call(home, "people", "invite", person)
    assert "tell the code in person" in printed.stdout
    unknown = call(home, "people", "invite", "00000000-0000-4000-8000-000000000000")
    assert (unknown.exit_code, "nobody is registered" in unknown.output) == (1, True)
    assert answer(home, "people", "recover", person).keys() == {"link", "code", "ends_at"}
