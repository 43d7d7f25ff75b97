from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.import_files import ImportedFile, read_file

NOTE = {"day": 2, "consultation": 3, "presenting_complaint": "I feel low", "note": "Low mood 3/52.\nPlan: talk."}


def imported(folder: Path, **changes: object) -> ImportedFile:
    file = folder / "note.json"
    file.write_text(json.dumps({**NOTE, "highlights": ["Low mood"], **changes}))
    return read_file(file)


def test_a_consultation_is_a_patient_with_one_note_by_the_doctor_of_that_day(tmp_path: Path) -> None:
    (record,) = imported(tmp_path).records
    (item,) = record.items
    assert record.patient.name == "Patient of day 2, consultation 3"
    assert (item.kind, item.title, item.text) == ("note", "I feel low", "Low mood 3/52.\nPlan: talk.")
    assert item.author.name == "Doctor of day 2 (imported)"
    assert item.topics == ("mental-health",)


def test_the_days_of_the_source_become_documented_dates_that_never_move(tmp_path: Path) -> None:
    (item,) = imported(tmp_path).records[0].items
    assert item.made_at == datetime(2022, 3, 29, 9, 40, tzinfo=UTC)
    assert item.source_id == "primock57:day2_consultation03"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"day": 0}, "at /day: got 0, wanted day as a whole number from 1 to 5"),
        ({"day": True}, "at /day: got True"),
        ({"consultation": "3"}, "at /consultation: got '3'"),
        ({"note": ""}, "got an empty note, wanted a note"),
        ({"note": 7}, "at /note: got a number, wanted a string"),
        ({"note": "a\0b"}, "at /note: got a NUL character"),
        ({"note": "\udc00"}, "at /note: got half of a surrogate pair"),
        ({"presenting_complaint": None}, "at /presenting_complaint: got null"),
    ],
)
def test_a_wrong_note_says_where_and_what_was_wanted(tmp_path: Path, changes: dict[str, object], why: str) -> None:
    result = imported(tmp_path, **changes)
    assert result.records == ()
    assert why in str(result.problems[0])
