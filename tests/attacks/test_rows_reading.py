"""Rows of the attacks that must be detected: reading what one may not. Each is made on the real thing."""

import json
import zipfile
from pathlib import Path

import pytest

from ledger.core.decisions import Permit
from ledger.core.entry import read_entry
from ledger.core.sealing import Part, SealedBytes, SealedPart, WrappedKey, open_sealed
from ledger.ledger import Ledger, open_ledger
from ledger.replay import NotAsDerived, check_disclosure, read_past
from ledger.store.mapper import SealingMapper
from ledger.use_cases import trail
from ledger.use_cases.trail import Asked
from tests.attacks.ground import Ground, clock, threat
from tests.http.served import problem
from tests.story import KEYRING

READERS = {"amina": "own-record", "okafor": "appointment", "sam": "shared-with-me"}


def test_steer_decisions_by_editing_tables_of_facts(ground: Ground) -> None:
    """A withdrawal is taken out of the index: nothing is decided on what is left, and nobody is shown anything."""
    withdrawn = ground.lived.positions["withdrawn"]
    ground.tamper("delete from ledger.fact where position = %s", withdrawn)
    with ground.serving() as http:
        headers = ground.sign_in(http, "sam")
        answer = http.get(f"/records/{ground.lived.record}", params={"purpose": READERS["sam"]}, headers=headers)
    problem(answer, 500, "internal")
    assert "Slept badly" not in answer.text
    wrong = ground.first_wrong()
    assert wrong["position"] <= withdrawn + 1 <= wrong["until"]


def test_disclose_without_recording_through_the_product(ground: Ground) -> None:
    """Where the disclosure cannot be recorded, no reader is shown a word, by any way in."""
    record = f"/records/{ground.lived.record}"
    with ground.serving() as http:
        signed_in = {name: ground.sign_in(http, name) for name in READERS}
        ground.run_sql("revoke insert on ledger.vault from ledger_app")
        for name, purpose in READERS.items():
            for path in (record, f"{record}/items/{ground.lived.note}"):
                answer = http.get(path, params={"purpose": purpose}, headers=signed_in[name])
                problem(answer, 503, "not-recorded")
                assert "Slept" not in answer.text


def test_open_the_vault_elsewhere_with_the_key_encryption_key(ground: Ground) -> None:
    """Not detected: whoever has the database and the key reads, and nothing shows. The threat model says so."""
    [(entry, words, wrapped)] = ground.rows(
        "select e.entry, e.words, v.wrapped from ledger.entry e join ledger.vault v using (position)"
        " where e.position = %s and v.part = 1",
        ground.lived.positions["note"],
    )
    kept = SealedPart(SealedBytes(words), WrappedKey(wrapped))
    said = read_entry(entry).signed.statement.id
    assert b"Slept badly" in open_sealed(kept, said, Part.WORDS, KEYRING.key_encryption_key).body
    assert ground.verify()["ok"]
    assert "**not detected**" in threat("Open the vault elsewhere")


def test_a_false_or_incomplete_page(ground: Ground, tmp_path: Path) -> None:
    """Only against a receipt or an export: what a page left out is in them, with its proof."""
    late, amina = ground.lived.receipts["late"], ground.lived.people["amina"]
    with ground.serving() as http:
        headers = ground.sign_in(http, "amina")
        page = http.get(f"/records/{ground.lived.record}", params={"purpose": "own-record"}, headers=headers).json()
    false = {item["id"] for item in page["items"][1:]}  # served without its newest item
    export = tmp_path / "amina.zip"
    done = ground.run("export", ground.lived.record, "--as", amina.person, "--to", str(export))
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(export) as file:
        exported = {item["id"] for shown in json.loads(file.read("record.json")) for item in shown["items"]}
        entries = {file.read(name) for name in file.namelist() if name.endswith("/entry.json")}
    assert page["items"][0]["id"] in exported - false
    assert late.entry in entries
    assert "**not detected**" in threat("Serve a false or incomplete page")


def test_a_carer_uses_the_patients_own_device_or_pin() -> None:
    """Not detected, and the threat model says so."""
    assert "**not detected**" in threat("A carer uses the patient's own device")


async def test_disclose_more_than_consent_allowed(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose rule has a hole shows Sam everything, recorded: the past decision does not derive again."""
    anything = Permit("consent", (ground.lived.positions["note"],), None)
    with monkeypatch.context() as hole:
        hole.setattr(trail, "judge_of", lambda facts, request: _Lax(anything))
        position = await look_as_sam(ground)
    async with open_ledger(ground.database.dsn(), KEYRING, clock) as ledger:
        await check_sams_look(ledger, ground, ground.lived.positions["withdrawn"] - 1)
        with pytest.raises(NotAsDerived, match=str(position)):
            await check_sams_look(ledger, ground, position)


class _Lax:
    """A judge who permits whatever is asked."""

    def __init__(self, permit: Permit) -> None:
        self.whole = permit

    def __call__(self, item: str) -> Permit:
        return self.whole


async def look_as_sam(ground: Ground) -> int:
    """Let Sam open the record; gives where that was recorded."""
    async with open_ledger(ground.database.dsn(), KEYRING, clock) as ledger:
        opened = await ledger.trail.open(ground.lived.people["sam"], Asked(ground.lived.record, READERS["sam"]))
        assert opened.shown
        return opened.position


async def check_sams_look(ledger: Ledger, ground: Ground, position: int) -> None:
    """Derive again what Sam was shown at a position."""
    sam = ground.lived.people["sam"].person
    facts = await read_past(ledger.rows, SealingMapper(KEYRING), ground.lived.record, sam)
    [look] = await ledger.read(position, 1)
    assert look.type == "disclosure-made/1"
    check_disclosure(look, facts)


def test_learn_that_something_is_hidden(ground: Ground) -> None:
    """Sam's page of a record of 261 notes that he may not see is that of a record with none; so is each refusal."""
    record = f"/records/{ground.lived.record}"
    with ground.serving() as http:
        headers = ground.sign_in(http, "sam")
        page = http.get(record, params={"purpose": READERS["sam"]}, headers=headers).json()
        assert (page["items"], page["cursor"]) == ([], None)
        told = []
        for item in (ground.lived.note, "7c3e0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"):
            answer = http.get(f"{record}/items/{item}", params={"purpose": READERS["sam"]}, headers=headers)
            kept = {name: value for name, value in answer.headers.items() if name != "date"}
            told.append((answer.status_code, answer.text.replace(item, "ID"), kept))
    assert told[0] == told[1]
    assert told[0][0] == 404
