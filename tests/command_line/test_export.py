"""What a person takes along: everything they may see, and proof of it that needs no ledger."""

import asyncio
import json
import zipfile
from pathlib import Path

import pytest

from api.settings import Settings
from api.wiring import House, ledger_of, open_house
from ledger.core.checkpoint import CheckpointSigner, add_cosignatures, open_note
from ledger.core.entry import parse_entry
from ledger.core.keys import KeyStatement
from ledger.core.log_keys import LogVerifier
from ledger.core.note import SignatureType
from ledger.core.trust_policy import TrustPolicy
from ledger.domain.errors import Unknown
from ledger.store.cosigned import Cosigned
from ledger.use_cases.items import Draft
from ledger.verify.bundle import verify_bundle
from projections.access_trail import Sought
from tests.bundle.rewritten import files_of
from tests.bundle.scene import LOG, exported
from tests.command_line.running import done, run
from tests.postgres_fixture import Database
from tests.store.cast import gather_cast
from tests.story import Story, story_of


async def tell(story: Story) -> None:
    note = await story.note("Inappropriate laughter.")
    await story.note("Walk every day.", kind="plan-for-carers")
    await story.ledger.items.comment(story.amina, story.record, note, "It was a joke.", quote="laughter")
    await story.ledger.items.amend(story.okafor, story.record, note, "Laughed at a joke.")
    await story.share({"kind": "kind", "of": "plan-for-carers"})


async def test_a_patients_file_holds_what_they_see_and_proves_it_offline(database: Database, tmp_path: Path) -> None:
    async with story_of(database) as story:
        await tell(story)
        told = await exported(story, tmp_path / "amina.zip", story.amina)
    files = files_of(tmp_path / "amina.zip")
    assert {item["text"] for item in json.loads(files["record.json"])[0]["items"]} == {
        "Inappropriate laughter.",
        "Walk every day.",
    }
    html = files["record.html"].decode()
    assert all(words in html for words in ("Amina Diallo", "Laughed at a joke.", "It was a joke."))
    assert (told.items, told.statements, told.standing) == (3, 4, "recorded")
    checks = verify_bundle(tmp_path / "amina.zip", LOG)
    assert checks.ok, str(checks)
    assert {step.title: step.looked_at for step in checks.steps}["every content is what its author committed to"] >= 8


async def test_a_carers_file_holds_what_is_shared_and_no_place_on_the_log(database: Database, tmp_path: Path) -> None:
    async with story_of(database) as story:
        await tell(story)
        await exported(story, tmp_path / "sam.zip", story.sam)
    file = zipfile.ZipFile(tmp_path / "sam.zip")
    assert set(file.namelist()) == {"README.txt", "record.html", "record.json", "fhir.json", "SHA256SUMS"}
    everything = b"".join(file.read(name) for name in ("record.html", "record.json", "fhir.json"))
    assert b"Walk every day." in everything
    assert b"laugh" not in everything.lower()
    assert b"position" not in everything


async def test_an_export_is_on_the_trail_and_a_refused_one_too(database: Database, tmp_path: Path) -> None:
    async with story_of(database) as story:
        await tell(story)
        await exported(story, tmp_path / "amina.zip", story.amina)
        with pytest.raises(Unknown):
            await exported(story, tmp_path / "greta.zip", type(story.greta)(story.greta.person, "carer"))
        await story.follower.wait_until(await story.ledger.rows.size() - 1)
        lines = await story.trail.page(Sought(record=story.record))
        await story.assert_sound()
    told = [(line.viewer, line.via, line.refused) for line in lines if line.via == "export"]
    assert told == [(story.greta.person, "export", "no-role"), (story.amina.person, "export", None)]
    assert not (tmp_path / "greta.zip").exists()


async def test_a_file_of_many_pages_is_proved_under_one_checkpoint(database: Database, tmp_path: Path) -> None:
    async with story_of(database) as story:
        for n in range(120):
            await story.note(f"Visit {n}.")
        told = await exported(story, tmp_path / "amina.zip", story.amina)
    assert (told.items, told.statements) == (120, 120)
    files = files_of(tmp_path / "amina.zip")
    assert len(json.loads(files["record.json"])) == 3
    assert len({data.partition(b"\n\n")[2] for name, data in files.items() if name.endswith("receipt.txt")}) == 1
    checks = verify_bundle(tmp_path / "amina.zip", LOG)
    assert checks.ok, str(checks)


async def test_a_key_that_was_replaced_since_still_proves_what_it_signed(database: Database, tmp_path: Path) -> None:
    async with story_of(database) as story:
        await story.note("Under the first key.")
        await story.ledger.people.revoke_key(story.ada, story.okafor.person, await _key(story), "replaced")
        await story.note("Under the second key.")
        await exported(story, tmp_path / "amina.zip", story.amina)
    checks = verify_bundle(tmp_path / "amina.zip", LOG)
    assert checks.ok, str(checks)
    files = files_of(tmp_path / "amina.zip")
    said = [parse_entry(data).signed.statement.type for name, data in files.items() if name.startswith("keys/")
            and name.endswith("entry.json")]  # fmt: skip
    assert said.count("key-revoked/1") == 1


async def _key(story: Story) -> KeyStatement:
    keys = (await story.ledger.facts.person(story.okafor.person, fresh=True)).fold.keys
    [enrolment] = [enrolment for (person, _), enrolment in keys.by_person.items() if person == story.okafor.person]
    return enrolment.said


async def test_the_newest_witnessed_checkpoint_is_used_where_there_is_one(database: Database, tmp_path: Path) -> None:
    witness = CheckpointSigner.from_seed("witness.example", SignatureType.ED25519_COSIGNATURE, b"\x09" * 32)
    vkeys = "".join(f"log {vkey}\n" for vkey in str(LOG).splitlines())
    policy = f"{vkeys}witness w {witness.key}\nquorum w\n"
    (tmp_path / "policy").write_text(policy)
    async with story_of(database) as story:
        await tell(story)
        note = await story.ledger.receipts.latest_checkpoint()
        cosigned = add_cosignatures(note, [witness.sign(open_note(note)[1], 1_800_000_000)])
        before = await exported(story, tmp_path / "before.zip", story.amina, policy=tmp_path / "policy")
        await Cosigned(story.ledger.rows.pool).keep(cosigned)
        after = await exported(story, tmp_path / "after.zip", story.amina, policy=tmp_path / "policy")
        without = await exported(story, tmp_path / "without.zip", story.amina)
    assert (before.standing, after.standing, without.standing) == ("recorded", "witnessed", "recorded")
    for name, standing in (("before", b"is recorded"), ("after", b"is witnessed")):
        files = files_of(tmp_path / f"{name}.zip")
        assert standing in files["README.txt"]
        assert (files["log/checkpoint.txt"] == cosigned) == (name == "after")
    assert verify_bundle(tmp_path / "after.zip", LOG, TrustPolicy.parse(policy)).ok
    assert not verify_bundle(tmp_path / "before.zip", LOG, TrustPolicy.parse(policy)).ok


async def _one_note(house: House) -> tuple[str, str]:
    async with ledger_of(house) as ledger:
        cast = await gather_cast(ledger)
        await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept well."))
        return cast.record, cast.patient


def test_the_command_writes_a_file_that_is_sound_and_takes_no_name_twice(home: Path, tmp_path: Path) -> None:
    with open_house(Settings(home=home)) as house:
        record, patient = asyncio.run(_one_note(house))
        verifier: LogVerifier = house.keyring.log.verifier
    bundle = tmp_path / "amina.zip"
    told = json.loads(done(home, "export", record, "--as", patient, "--to", str(bundle), "--json"))
    assert told == {"file": str(bundle), "items": 1, "statements": 1, "checkpoint": "recorded"}
    assert bundle.stat().st_mode & 0o777 == 0o600
    assert verify_bundle(bundle, verifier).ok
    again = run(home, "export", record, "--as", patient, "--to", str(bundle))
    assert again.returncode != 0
    assert "Choose another" in again.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["amina.zip"]
