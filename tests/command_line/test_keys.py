"""Keys over HTTP: a further key is enrolled with the one that there is, and the same key signs and gets tokens."""

import asyncio
import json
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import uvicorn
from typer.testing import Result

from api.http.app import create_app
from api.settings import Settings
from api.sign_in.key_file import KeyFile
from api.wiring import House
from ledger.core.entry import parse_entry
from ledger.core.receipt import Receipt, check_receipt
from ledger.saying import By
from tests.command_line.running import call
from tests.docs.regions import DOCS
from tests.http.served import ORIGIN, new_key
from tests.soundness import assert_ledger_sound
from tests.story import KEYRING, Story

GUIDE = (DOCS / "how-to" / "sign-in-as-a-program.md").read_text()


@pytest.fixture
def url(story: Story, tmp_path: Path) -> Iterator[str]:
    """Where the story's ledger is served: in a thread, because a process of its own takes seconds to come up."""
    dsn = story.database.dsn()
    app = create_app(House(Settings(home=tmp_path), KEYRING, dsn, dsn))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    serving = Thread(target=server.run)
    serving.start()
    try:
        while not server.started:
            assert serving.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        serving.join()


@pytest.fixture
def keyed(tmp_path: Path) -> Path:
    """A directory for key files."""
    (tmp_path / "keys").mkdir()
    return tmp_path / "keys"


async def key_of(story: Story, by: By, file: Path) -> Path:
    """A key file of somebody, whose key the founding registrar has enrolled."""
    made = KeyFile.fresh(by.person, ORIGIN)
    await story.ledger.people.enrol_key(By(story.bert.person, "registrar"), by.person, made.key.public)
    made.write(file)
    return file


async def keys(folder: Path, *words: str) -> Result:
    """Run a command of ``keys``, while the ledger of the story goes on."""
    return await asyncio.to_thread(call, folder, "keys", *words)


async def told(folder: Path, *words: str) -> dict[str, Any]:
    """What a command that must succeed prints for machines."""
    result = await keys(folder, *words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def wish(folder: Path, story: Story, **more: Any) -> Path:
    """A statement in a file of its own."""
    file = folder / f"{len(list(folder.iterdir()))}.json"
    said = {"type": "results-wish-stated/1", "facts": {"record": story.record, "wish": "at-once"}, **more}
    file.write_text(json.dumps(said))
    return file


async def test_a_further_key_is_enrolled_with_the_first_and_signs_what_verifies(
    story: Story, url: str, keyed: Path
) -> None:
    first = await key_of(story, story.amina, keyed / "first.jwk")
    at, second = ("--acting-as", "patient", "--url", url), keyed / "second.jwk"
    made = await told(keyed, "enrol", str(first), "--to", str(second), *at)
    assert (made["person"], made["file"]) == (story.amina.person, str(second))
    assert second.stat().st_mode & 0o777 == 0o600
    entry = parse_entry(Receipt.from_json(made["answer"]["receipt"]).entry)
    assert (entry.signed.kid, entry.signed.statement.type) == (KeyFile.read(first).key.kid, "key-enrolled/1")

    answer = await told(keyed, "sign", str(second), str(wish(keyed, story)), "--to", str(keyed / "receipt.json"), *at)
    kept = Receipt.from_json(json.loads((keyed / "receipt.json").read_text()))
    check_receipt(kept, story.ledger.keyring.log.verifier)
    assert parse_entry(kept.entry).signed.kid == made["kid"]
    assert kept.index == answer["position"]
    assert_ledger_sound(story.database.dsn(), story.ledger.keyring)


async def test_a_registrar_signs_the_first_key_of_another_and_once_they_have_a_key_must(
    story: Story, url: str, keyed: Path
) -> None:
    await story.ledger.people.grant(story.ada, story.lind.person, "registrar")
    registrar = await key_of(story, story.lind, keyed / "registrar.jwk")
    theirs, file = new_key(), keyed / "public.jwk"
    file.write_text(json.dumps(theirs.signer.public.jwk))
    at = ("--acting-as", "registrar", "--url", url)
    made = await told(keyed, "enrol", str(registrar), "--for", story.sam.person, "--public", str(file), *at)
    assert (made["kid"], made["person"], made["file"]) == (theirs.signer.kid, story.sam.person, None)
    owned = (await story.ledger.facts.person(story.sam.person, fresh=True)).fold.keys
    assert owned.by_person[story.sam.person, theirs.signer.kid].said.custody == "author"


async def test_an_id_of_ones_own_is_said_once(story: Story, url: str, keyed: Path) -> None:
    key, at = await key_of(story, story.amina, keyed / "key.jwk"), ("--acting-as", "patient", "--url", url)
    file = wish(keyed, story, id="019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11", words=None)
    assert (await told(keyed, "sign", str(key), str(file), *at))["statement_id"] == json.loads(file.read_text())["id"]
    again = await keys(keyed, "sign", str(key), str(file), *at)
    assert again.exit_code == 1
    assert "409" in again.stderr
    assert (await told(keyed, "token", str(key), "--read", *at))["scope"] == "acting_as:patient read"


async def test_what_the_ledger_refuses_is_told_and_leaves_no_key_behind(story: Story, url: str, keyed: Path) -> None:
    key, at = await key_of(story, story.amina, keyed / "key.jwk"), ("--acting-as", "patient", "--url", url)
    made = keyed / "made.jwk"
    refused = await keys(keyed, "enrol", str(key), "--for", story.sam.person, "--to", str(made), *at)
    assert (refused.exit_code, made.exists()) == (1, False)
    assert "403" in refused.stderr
    unknown = wish(keyed, story, type="wish-shouted/1")
    for words, code, sentence in (
        (("sign", str(key), str(unknown), *at), 1, "results-wish-stated/1"),
        (("sign", str(key), str(wish(keyed, story, type="key-revoked/1")), *at), 1, "keys enrol"),
        (("sign", str(key), str(wish(keyed, story, more=1)), *at), 2, "wanted an object with type"),
        (("sign", str(key), str(keyed / "nothing"), *at), 2, "Name a JSON file"),
        (("sign", str(key), str(wish(keyed, story)), "--to", str(key), *at), 2, "wanted a new name"),
        (("enrol", str(key), *at), 2, "neither --to nor --public"),
        (("enrol", str(key), "--to", "a", "--public", "b", *at), 2, "Leave one out"),
        (("enrol", str(key), "--to", str(key), *at), 2, "choose a new name"),
        (("enrol", str(key), "--public", str(key), *at), 1, "crv, kty, x"),
        (("token", str(key), "--acting-as", "king", "--url", url), 1, "acting_as:patient"),
        (("token", str(key), "--acting-as", "patient", "--url", "http://ledger.example"), 1, "wanted https://"),
    ):
        result = await keys(keyed, *words)
        assert (result.exit_code, sentence in " ".join(result.stderr.split())) == (code, True), result.stderr


async def test_where_no_answer_came_the_key_is_kept(story: Story, keyed: Path) -> None:
    key, made = await key_of(story, story.amina, keyed / "key.jwk"), keyed / "made.jwk"
    at = ("--acting-as", "patient", "--url", "http://127.0.0.1:9")
    lost = await keys(keyed, "enrol", str(key), "--to", str(made), *at)
    assert (lost.exit_code, made.exists()) == (3, True)
    key.chmod(0o644)
    open_to_all = await keys(keyed, "token", str(key), *at)
    assert open_to_all.exit_code == 2
    assert "chmod 600" in open_to_all.stderr


async def test_the_guide_for_programs_is_followed_line_by_line(
    story: Story, url: str, keyed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(keyed)
    await story.ledger.people.grant(story.ada, story.lind.person, "registrar")
    await key_of(story, story.lind, keyed / "registrar.jwk")
    program = KeyFile.fresh(story.amina.person, ORIGIN)
    program.write(keyed / "program.jwk")
    (keyed / "program-public.json").write_text(json.dumps(program.key.public.jwk))
    (keyed / "log-verifier.txt").write_text(str(story.ledger.keyring.log.verifier))
    guide = GUIDE.replace("PERSON", story.amina.person).replace("RECORD", story.record)
    [wished] = re.findall(r"```json\n(.*?)\n```", guide)
    (keyed / "wish.json").write_text(wished)
    told = [line[2:].replace("URL", url) for line in guide.splitlines() if line.startswith("$ record-ledger ")]
    assert len(told) == 6
    for line in told[1:]:  # the first is for the ledger's own machine: test_commands.py has it
        result = await asyncio.to_thread(call, keyed, *shlex.split(line)[1:])
        assert result.exit_code == 0, (line, result.output)
