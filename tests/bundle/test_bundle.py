"""A bundle is checked offline: everything in it is proved, every tampering is named, every flipped byte is found."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.core.checkpoint import Checkpoint, CheckpointSigner, add_cosignatures, open_note
from ledger.core.entry import parse_entry
from ledger.core.keys import SigningKey
from ledger.core.log_keys import LogKeys
from ledger.core.note import SignatureType
from ledger.core.statement import sign
from ledger.core.trust_policy import TrustPolicy
from ledger.verify.bundle import (
    BOUND,
    FORM,
    INCLUDED,
    LOG_KEYS,
    OPENED,
    SHOWN,
    SIGNED,
    SPOKEN,
    SUMMED,
    TOLD_OF,
    WITNESSED,
    verify_bundle,
)
from ledger.verify.bundle_told import write_json
from ledger.verify.checks import Checks
from tests.bundle.conftest import Bundles
from tests.bundle.rewritten import Files, edited, files_of, signed, summed, written
from tests.bundle.scene import LOG
from tests.story import KEYRING
from tests.thorough import times

ALL = (FORM, SUMMED, LOG_KEYS, TOLD_OF, SIGNED, INCLUDED, SPOKEN, BOUND, OPENED, SHOWN, WITNESSED)
FLIPS = times(160, 400)
PROVED_FLIPS = times(120, 300)
ODD = times(60, 150)


def wrong(checks: Checks) -> list[str]:
    """The titles of the steps that found something wrong."""
    return [step.title for step in checks.steps if step.wrong is not None]


def left_out(checks: Checks) -> list[str]:
    return [step.title for step in checks.steps if step.left_out is not None]


def test_what_a_patient_or_a_clinician_takes_along_is_proved_step_by_step(bundles: Bundles) -> None:
    for bundle in (bundles.patient, bundles.clinician):
        checks = verify_bundle(bundle, LOG)
        assert checks.ok, str(checks)
        assert tuple(step.title for step in checks.steps) == ALL
        assert left_out(checks) == [WITNESSED]
        looked = {step.title: step.looked_at for step in checks.steps}
        places = [name for name in files_of(bundle) if name.endswith("entry.json")]
        assert looked[INCLUDED] == looked[SPOKEN] == len(places)
        assert looked[SHOWN] == len(bundles.told)


def test_without_keys_from_elsewhere_the_keys_in_the_file_are_used_and_that_is_said(bundles: Bundles) -> None:
    checks = verify_bundle(bundles.patient, None)
    assert checks.ok
    assert left_out(checks) == [TOLD_OF, WITNESSED]
    other = LogKeys.from_seeds("other.example", b"\x01" * 32, b"\x02" * 32).verifier
    assert TOLD_OF in wrong(verify_bundle(bundles.patient, other))
    thief = LogKeys.from_seeds(KEYRING.origin, b"\x01" * 32, b"\x02" * 32).verifier
    assert wrong(verify_bundle(bundles.patient, thief))[0] == SIGNED


def test_a_file_without_proofs_is_never_called_sound(bundles: Bundles, tmp_path: Path) -> None:
    assert wrong(verify_bundle(bundles.carer, LOG)) == ["there is evidence"]
    names = {"README.txt", "record.html", "record.json", "fhir.json"}
    bare = summed({name: data for name, data in files_of(bundles.patient).items() if name in names})
    assert wrong(verify_bundle(written(tmp_path / "bare.zip", bare), LOG)) == ["there is evidence"]


def test_every_flipped_byte_of_every_file_is_found(bundles: Bundles, tmp_path: Path) -> None:
    files = files_of(bundles.patient)
    dice = random.Random(20260503)
    # Each file at least once, and the rest by lot.
    names = [*files, *dice.choices(list(files), k=FLIPS - len(files))]
    unseen = []
    for name in names:
        at, bit = dice.randrange(len(files[name])), 1 << dice.randrange(8)
        flipped = bytearray(files[name])
        flipped[at] ^= bit
        if verify_bundle(written(tmp_path / "flipped.zip", files | {name: bytes(flipped)}), LOG).ok:
            unseen.append((name, at, bit))
    assert len(names) == FLIPS
    assert not unseen


def test_every_flipped_byte_of_what_is_proved_is_found_though_the_service_signs_the_list_again(
    bundles: Bundles, tmp_path: Path
) -> None:
    files = files_of(bundles.patient)
    dice = random.Random(7)
    proved = [name for name in files if name.partition("/")[0] in ("statements", "people", "keys", "log")]
    unseen = []
    for name in dice.choices(proved, k=PROVED_FLIPS):
        at, bit = dice.randrange(len(files[name])), 1 << dice.randrange(8)
        flipped = bytearray(files[name])
        flipped[at] ^= bit
        checks = verify_bundle(written(tmp_path / "flipped.zip", signed(files | {name: bytes(flipped)})), LOG)
        # What of the verifier keys in the file is flipped does no harm where the keys are told from elsewhere: only a
        # file that still parses as this log's keys may pass.
        if checks.ok and name != "log/verifier.txt":
            unseen.append((name, at, bit))
    assert not unseen


def _item(pages: Any, kind: str) -> Any:
    return next(item for page in pages for item in page["items"] if item["kind"] == kind)


def _first(files: Files, folder: str, said: str) -> str:
    """The place of the first statement of a type."""
    entries = sorted(name for name in files if name.startswith(f"{folder}/") and name.endswith("entry.json"))
    found = [name for name in entries if parse_entry(files[name]).signed.statement.type == said]
    return found[0].rpartition("/")[0]


def _without(files: Files, folder: str) -> Files:
    return {name: data for name, data in files.items() if not name.startswith(f"{folder}/")}


def another_text(files: Files) -> Files:
    return edited(files, "record.json", lambda pages: _item(pages, "note").update(text="She is dangerous."))


def another_author(files: Files) -> Files:
    return edited(files, "record.json", lambda pages: _item(pages, "note")["author"].update(name="Dr Lind"))


def another_time(files: Files) -> Files:
    return edited(files, "record.json", lambda p: _item(p, "note").update(made_at="2020-01-01T00:00:00.000Z"))


def an_item_more(files: Files) -> Files:
    def add(pages: Any) -> None:
        pages[0]["items"].append(_item(pages, "letter") | {"id": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"})

    return edited(files, "record.json", add)


def an_item_less(files: Files) -> Files:
    return edited(files, "record.json", lambda pages: pages[0]["items"].remove(_item(pages, "letter")))


def an_amendment_less(files: Files) -> Files:
    return edited(files, "record.json", lambda pages: _item(pages, "note").update(amendments=[]))


def words_of_another_item(files: Files) -> Files:
    letter = _item(json.loads(files["record.json"]), "letter")["text"]
    return edited(files, "record.json", lambda pages: _item(pages, "note").update(text=letter))


def a_page_that_says_otherwise(files: Files) -> Files:
    return files | {"record.html": files["record.html"].replace(b"Penicillin", b"Amoxicillin")}


def a_readme_that_says_otherwise(files: Files) -> Files:
    return files | {"README.txt": files["README.txt"].replace(b"cannot", b"can")}


def another_text_in_fhir(files: Files) -> Files:
    def change(bundle: Any) -> None:
        plans = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "AllergyIntolerance"]
        plans[0]["code"]["text"] = "Amoxicillin"

    return edited(files, "fhir.json", change)


def another_signature_in_fhir(files: Files) -> Files:
    def change(bundle: Any) -> None:
        proofs = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Provenance"]
        proofs[0]["signature"][0]["data"] = "ZXlK"

    return edited(files, "fhir.json", change)


def a_salt_of_ones_own(files: Files) -> Files:
    name = _first(files, "statements", "item-added/1") + "/words.json"
    body = json.loads(files[name])["body"]
    guessed = json.dumps({"body": body, "salt": "A" * 43}, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return files | {name: guessed.encode()}


def openings_swapped(files: Files) -> Files:
    place = _first(files, "statements", "item-added/1")
    return files | {f"{place}/facts.json": files[f"{place}/words.json"]}


def a_statement_signed_by_somebody_else(files: Files) -> Files:
    name = _first(files, "statements", "item-added/1") + "/entry.json"
    value = json.loads(files[name])
    value["statement"] = sign(parse_entry(files[name]).signed.statement, SigningKey(b"\x05" * 32)).jws
    return files | {name: json.dumps(value, separators=(",", ":"), sort_keys=True).encode()}


def no_enrolments(files: Files) -> Files:
    return _without(files, "keys")


def a_receipt_of_another_place(files: Files) -> Files:
    one, other = _first(files, "statements", "item-added/1"), _first(files, "statements", "item-amended/1")
    return files | {f"{one}/receipt.txt": files[f"{other}/receipt.txt"]}


def a_statement_at_another_place(files: Files) -> Files:
    place = _first(files, "statements", "item-added/1")
    moved = {name.replace(f"{place}/", "statements/999/"): data for name, data in files.items()}
    return moved if moved.keys() != files.keys() else {}


def a_tree_of_ones_own(files: Files) -> Files:
    keys = LogKeys.from_seeds(KEYRING.origin, b"\x01" * 32, b"\x02" * 32)
    _, checkpoint = open_note(files["log/checkpoint.txt"])
    note = keys.sign_checkpoint(Checkpoint(KEYRING.origin, checkpoint.size, checkpoint.root), 1)
    return files | {"log/checkpoint.txt": note}


def keys_of_another_log(files: Files) -> Files:
    other = LogKeys.from_seeds("other.example", b"\x01" * 32, b"\x02" * 32).verifier
    return files | {"log/verifier.txt": str(other).encode()}


TAMPERED: list[tuple[Callable[[Files], Files], str]] = [
    (another_text, SHOWN),
    (another_author, SHOWN),
    (another_time, SHOWN),
    (an_item_more, SHOWN),
    (an_item_less, SHOWN),
    (an_amendment_less, SHOWN),
    (words_of_another_item, SHOWN),
    (a_page_that_says_otherwise, SHOWN),
    (a_readme_that_says_otherwise, SHOWN),
    (another_text_in_fhir, SHOWN),
    (another_signature_in_fhir, SHOWN),
    (a_salt_of_ones_own, OPENED),
    (openings_swapped, OPENED),
    (a_statement_signed_by_somebody_else, SPOKEN),
    (no_enrolments, SPOKEN),
    (a_receipt_of_another_place, INCLUDED),
    (a_statement_at_another_place, INCLUDED),
    (a_tree_of_ones_own, SIGNED),
    (keys_of_another_log, TOLD_OF),
]


@pytest.mark.parametrize(("tamper", "step"), TAMPERED, ids=[tamper.__name__ for tamper, _ in TAMPERED])
def test_tampering_is_found_at_its_step(
    bundles: Bundles, tmp_path: Path, tamper: Callable[[Files], Files], step: str
) -> None:
    files = files_of(bundles.patient)
    altered = tamper(files)
    assert altered != files
    # Altered as it is: the list of digests shows it. With the list made again: its signature does.
    careless = wrong(verify_bundle(written(tmp_path / "careless.zip", altered), LOG))
    assert careless[0] == SUMMED
    careful = wrong(verify_bundle(written(tmp_path / "careful.zip", summed(altered)), LOG))
    assert {step, BOUND} & set(careful)
    # And where the service itself lies, the step that holds it to the statements.
    lying = wrong(verify_bundle(written(tmp_path / "lying.zip", signed(altered)), LOG))
    assert step in lying


def test_a_list_signed_by_a_key_that_is_not_the_services_proves_nothing(bundles: Bundles, tmp_path: Path) -> None:
    files = files_of(bundles.patient)
    okafor = parse_entry(files[_first(files, "statements", "item-added/1") + "/entry.json"]).signed.statement.author
    for signer in (SigningKey(b"\x05" * 32), KEYRING.signer_for(okafor)):
        forged = signed(files | {"README.txt": b"Pay here."}, signer)
        assert BOUND in wrong(verify_bundle(written(tmp_path / "forged.zip", forged), LOG))


def test_a_checkpoint_is_called_witnessed_only_as_the_policy_asks(bundles: Bundles, tmp_path: Path) -> None:
    files = files_of(bundles.patient)
    witness = CheckpointSigner.from_seed("witness.example", SignatureType.ED25519_COSIGNATURE, b"\x09" * 32)
    vkeys = "".join(f"log {vkey}\n" for vkey in str(LOG).splitlines())
    policy = TrustPolicy.parse(f"{vkeys}witness w {witness.key}\nquorum w\n")
    assert wrong(verify_bundle(bundles.patient, LOG, policy)) == [WITNESSED]
    _, checkpoint = open_note(files["log/checkpoint.txt"])
    plain = files["log/checkpoint.txt"]
    cosigned = add_cosignatures(plain, [witness.sign(checkpoint, 1_800_000_000)])
    told = {name: data.replace(plain, cosigned) for name, data in files.items()}
    checks = verify_bundle(written(tmp_path / "cosigned.zip", signed(told)), LOG, policy)
    assert checks.ok, str(checks)
    assert not left_out(checks)


def _places_in(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    found = []
    waiting = [value]
    while waiting:
        inner = waiting.pop()
        inside = inner.items() if isinstance(inner, dict) else enumerate(inner) if isinstance(inner, list) else ()
        for key, member in inside:
            found.append((inner, key))
            waiting.append(member)
    return found


@pytest.mark.parametrize("name", ["record.json", "fhir.json"])
def test_whatever_stands_in_what_is_shown_is_answered_in_our_own_words(
    bundles: Bundles, tmp_path: Path, name: str
) -> None:
    files = files_of(bundles.patient)
    dice = random.Random(name)
    odd = [None, 5, -1.5, True, [], {}, "", "words that nobody said", [[]], {"id": 7}]
    passed = 0
    for _ in range(ODD):
        value = json.loads(files[name])
        inside, key = dice.choice(_places_in(value))
        inside[key] = dice.choice(odd)
        checks = verify_bundle(written(tmp_path / "odd.zip", signed(files | {name: write_json(value)})), LOG)
        assert set(wrong(checks)) <= {SHOWN}
        passed += checks.ok
        if inside[key] == "words that nobody said" and key not in ("because", "rule", "ends", "state", "disclosure"):
            assert not checks.ok, key
    assert passed < ODD * 2 // 3
