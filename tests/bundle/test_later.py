"""Bundles of a record after something has happened to it: words erased, the log continued under another name."""

import json
from dataclasses import replace
from pathlib import Path

from api.clock import clock
from api.exporting import Wanted, export_record
from api.secrets import NAMES, keyring_of
from api.settings import Settings
from api.wiring import House
from ledger.core.checkpoint import open_note
from ledger.core.earlier import EarlierLog
from ledger.core.entry import parse_entry
from ledger.ledger import open_ledger
from ledger.store.keyring import Keyring
from ledger.store.vault import Journal, Vault
from ledger.use_cases.items import Draft
from ledger.verify.bundle import INCLUDED, verify_bundle
from tests.bundle.rewritten import Files, files_of, signed, written
from tests.bundle.scene import LOG, exported
from tests.postgres_fixture import Database
from tests.story import KEYRING, story_of

WORDS = "Inappropriate laughter."
ONWARD = "log.example/2"


def types_in(files: Files, folder: str) -> list[str]:
    entries = [data for name, data in files.items() if name.startswith(f"{folder}/") and name.endswith("entry.json")]
    return sorted(parse_entry(data).signed.statement.type for data in entries)


async def test_erased_words_are_in_no_bundle_and_everything_else_is_proved(database: Database, tmp_path: Path) -> None:
    vault = Vault(database.server.dsn("ledger_eraser", database.name), Journal(tmp_path / "erasures.jsonl"))
    async with story_of(database) as story:
        note = await story.note(WORDS, title="Visit")
        await story.ledger.items.comment(story.amina, story.record, note, "Laughter, he says.", quote="laughter")
        await story.note("Walk every day.")
        await exported(story, tmp_path / "before.zip", story.amina)
        async with open_ledger(database.dsn(), KEYRING, clock, vault=vault) as ledger:
            asked = await ledger.erasing.ask(
                story.amina, story.record, note, "consent-withdrawn", "It shames me.", answers=True
            )
            erasure, basis = str(asked.facts["erasure"]), "consent-withdrawn"
            await ledger.erasing.erase(story.greta, story.record, note, erasure, basis)
        await story.settled()
        for who in (story.amina, story.okafor):
            await exported(story, tmp_path / f"{who.acting_as}.zip", who)
    for reader in ("patient", "clinician"):
        checks = verify_bundle(tmp_path / f"{reader}.zip", LOG)
        assert checks.ok, str(checks)
        files = files_of(tmp_path / f"{reader}.zip")
        everything = b"".join(files.values()).lower()
        assert not [word for word in (b"inappropriate", b"laughter", b"shames", b"visit") if word in everything]
        assert b"Walk every day." in files["record.html"]
        assert b"The words were erased." in files["record.html"]
        assert types_in(files, "statements").count("content-erased/1") == 2
        shown = [item for item in json.loads(files["record.json"])[0]["items"] if item["id"] == note]
        assert shown[0]["erased"]["basis"] == basis
    # Who took a copy along before keeps what they were shown; it is as sound as it was.
    assert verify_bundle(tmp_path / "before.zip", LOG).ok


async def test_a_bundle_of_a_log_that_was_continued_says_what_it_continues(database: Database, tmp_path: Path) -> None:
    async with story_of(database) as story:
        await story.note("Under the first name.")
        note = await story.ledger.receipts.latest_checkpoint()
        size = await story.ledger.rows.size()
    checkpoint = open_note(note)[1]
    assert checkpoint.size == size
    earlier = EarlierLog(LOG, ONWARD, size, checkpoint.root, note)
    keyring = onward(earlier)
    async with open_ledger(database.dsn(), keyring, clock) as ledger:
        await ledger.continuation.say(earlier)
        await ledger.items.add(story.okafor, story.record, Draft("note", "Under the second name."))
    house = House(Settings(home=tmp_path, origin=ONWARD), keyring, database.dsn(), database.superuser_dsn)
    bundle = tmp_path / "amina.zip"
    await export_record(house, Wanted(story.record, story.amina.person, "patient"), bundle)
    checks = verify_bundle(bundle, keyring.log.verifier)
    assert checks.ok, str(checks)
    files = files_of(bundle)
    assert "log-continued/1" in types_in(files, "keys")
    origins = {parse_entry(data).signed.statement.ledger for name, data in files.items() if name.endswith("entry.json")}
    assert origins == {KEYRING.origin, ONWARD}
    # Without that entry nothing says why statements for another ledger are in this log.
    left = {name: data for name, data in files.items() if f"/{size}/" not in name}
    without = signed(left, keyring.signer_for(keyring.service))
    altered = verify_bundle(written(tmp_path / "without.zip", without), keyring.log.verifier)
    assert next(step.title for step in altered.steps if step.wrong) == INCLUDED


def onward(earlier: EarlierLog) -> Keyring:
    """The keys of the log under its new name: its own pair; the people's and the vault's as they were."""
    seeds = {name: bytes([n]) * 32 for n, name in enumerate(NAMES, 1)}
    fresh = keyring_of(ONWARD, seeds | {"log-ed25519": b"\x51" * 32, "log-ml-dsa-44": b"\x52" * 32})
    return replace(fresh, earlier=(earlier,))
