"""PriMock57: mock consultations of British general practice, one JSON file for each clinician's note.

A file is ``{"day": 1, "consultation": 1, "presenting_complaint": …, "note": …, "highlights": […]}`` (Papadopoulos
Korfiatis et al., "PriMock57", ACL 2022). Read here:

- Each consultation is a patient of its own, since the data names nobody: "Patient of day 1, consultation 1".
- The author is "Doctor of day 1": each day's consultations are held by one doctor, who has no name in the notes.
- `highlights` repeat phrases of the note for the data set's evaluation, so they are not imported. Neither are the
  transcripts of what was spoken: a transcript is not a note.
- The data has days but no dates. So that a second import finds the first, day 1 is Monday 28 March 2022 (the week in
  which the data set was published), and consultation n of a day begins at 09:00 UTC plus n - 1 times 20 minutes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from api.import_files.imported import ImportedFile, ImportedItem, ImportedPerson, ImportedRecord
from api.import_files.json_tree import Node
from api.import_files.topics import topics_of

SOURCE = "primock57"
DAYS, CONSULTATIONS = 5, 40  # the data set has five days, none with more consultations than fit before the evening
FIRST_CONSULTATION = datetime(2022, 3, 28, 9, 0, tzinfo=UTC)
BETWEEN_CONSULTATIONS = timedelta(minutes=20)


def looks_like(root: Node) -> bool:
    """Tell a PriMock57 note from other JSON by the members it alone has."""
    return isinstance(root.value, dict) and {"day", "consultation", "note"} <= root.value.keys()


def read(root: Node) -> ImportedFile:
    """Read one consultation's note: a record with a single item. Errors: `EntryProblem`."""
    day = root.whole_number("day", 1, DAYS)
    consultation = root.whole_number("consultation", 1, CONSULTATIONS)
    source_id = f"{SOURCE}:day{day}_consultation{consultation:02}"
    patient = ImportedPerson(f"{source_id}/patient", f"Patient of day {day}, consultation {consultation}", "patient")
    complaint, note = root.required("presenting_complaint"), root.required("note")
    item = ImportedItem(
        source_id=source_id,
        kind="note",
        topics=topics_of((complaint, note)),
        made_at=FIRST_CONSULTATION + timedelta(days=day - 1) + BETWEEN_CONSULTATIONS * (consultation - 1),
        author=ImportedPerson(f"{SOURCE}:doctor-of-day-{day}", f"Doctor of day {day} (imported)", "clinician"),
        title=complaint,
        text=root.sized(complaint, note),
    )
    return ImportedFile(root.file, (ImportedRecord(SOURCE, patient, (item,)),))
