"""What a person takes along: everything they may see, and proof of it that needs no ledger."""

import base64
import hashlib
import hmac
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from api.exporting import Wanted, export_record
from api.settings import Settings
from api.wiring import House
from ledger.core.keys import PublicKey
from ledger.core.log_keys import LogVerifier
from ledger.core.receipt import Receipt, check_receipt
from ledger.core.statement import parse
from ledger.domain.errors import Unknown
from projections.access_trail import Sought
from tests.postgres_fixture import Database
from tests.story import KEYRING, Story, story_of


def house_of(database: Database, home: Path) -> House:
    return House(Settings(home=home, origin=KEYRING.origin), KEYRING, database.dsn(), database.superuser_dsn)


async def exported(story: Story, database: Database, to: Path, person: str, acting_as: str) -> zipfile.ZipFile:
    await export_record(house_of(database, to.parent), Wanted(story.record, person, acting_as), to)
    return zipfile.ZipFile(to)


async def tell(story: Story) -> None:
    note = await story.note("Inappropriate laughter.")
    await story.note("Walk every day.", kind="plan-for-carers")
    await story.ledger.items.comment(story.amina, story.record, note, "It was a joke.", quote="laughter")
    await story.ledger.items.amend(story.okafor, story.record, note, "Laughed at a joke.")
    await story.share({"kind": "kind", "of": "plan-for-carers"})


async def test_a_patients_file_holds_what_they_see_and_proves_it_offline(database: Database, tmp_path: Path) -> None:
    async with story_of(database) as story:
        await tell(story)
        file = await exported(story, database, tmp_path / "amina.zip", story.amina.person, "patient")
    assert {item["text"] for item in json.loads(file.read("record.json"))[0]["items"]} == {
        "Inappropriate laughter.",
        "Walk every day.",
    }
    html = file.read("record.html").decode()
    assert all(words in html for words in ("Amina Diallo", "Laughed at a joke.", "It was a joke."))
    verifier = LogVerifier.parse(file.read("log/verifier.txt").decode())
    keys = dict(enrolled(file, verifier))
    statements = [name.split("/")[1] for name in file.namelist() if name.startswith("statements/") and "entry" in name]
    assert len(statements) == 4
    for position in statements:
        check_statement(file, f"statements/{position}", verifier, keys)


def enrolled(file: zipfile.ZipFile, verifier: LogVerifier) -> Iterator[tuple[str, PublicKey]]:
    for name in file.namelist():
        if name.startswith("keys/") and name.endswith("entry.json"):
            check_receipt(
                Receipt.parse(file.read(name.replace("entry.json", "receipt.txt")), file.read(name)), verifier
            )
            said = parse(json.loads(file.read(name))["statement"]).statement.public
            assert said is not None
            yield said.key.kid, said.key


def check_statement(file: zipfile.ZipFile, folder: str, verifier: LogVerifier, keys: dict[str, PublicKey]) -> None:
    """The steps of the README in the file."""
    entry = file.read(f"{folder}/entry.json")
    signed = parse(json.loads(entry)["statement"])
    signed.check_signature(keys[signed.kid])
    for part, commitment in (("facts", signed.statement.facts), ("words", signed.statement.words)):
        assert commits(json.loads(file.read(f"{folder}/{part}.json"))) == commitment
    check_receipt(Receipt.parse(file.read(f"{folder}/receipt.txt"), entry), verifier)


def commits(opened: dict[str, Any]) -> str:
    salt = base64.urlsafe_b64decode(opened["salt"] + "=")
    digest = hmac.digest(salt, rfc8785.dumps(opened["body"]), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def test_a_carers_file_holds_what_is_shared_and_no_place_on_the_log(database: Database, tmp_path: Path) -> None:
    async with story_of(database) as story:
        await tell(story)
        file = await exported(story, database, tmp_path / "sam.zip", story.sam.person, "carer")
    assert set(file.namelist()) == {"README.txt", "record.html", "record.json"}
    everything = b"".join(file.read(name) for name in ("record.html", "record.json"))
    assert b"Walk every day." in everything
    assert b"laugh" not in everything.lower()
    assert b"position" not in everything


async def test_an_export_is_on_the_trail_and_a_refused_one_too(database: Database, tmp_path: Path) -> None:
    async with story_of(database) as story:
        await tell(story)
        await exported(story, database, tmp_path / "amina.zip", story.amina.person, "patient")
        with pytest.raises(Unknown):
            await exported(story, database, tmp_path / "greta.zip", story.greta.person, "carer")
        await story.follower.wait_until(await story.ledger.rows.size() - 1)
        lines = await story.trail.page(Sought(record=story.record))
        await story.assert_sound()
    told = [(line.viewer, line.via, line.refused) for line in lines if line.via == "export"]
    assert told == [(story.greta.person, "export", "no-role"), (story.amina.person, "export", None)]
    assert not (tmp_path / "greta.zip").exists()
