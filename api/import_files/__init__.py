"""Other people's files, read into one neutral shape: the pure half of ``record-ledger import``.

`read_files` walks a file or a folder and yields one `ImportedFile` at a time, so that memory holds one source file,
never all of them. What a file is, is told by what it contains: a FHIR R4 Bundle (`fhir_r4`) or a PriMock57 note
(`primock57`).

Nothing that goes wrong inside a file is raised: a file that cannot be read at all, and each part of it that cannot,
is an `ImportProblem` among the values of its `ImportedFile`, and the rest still lands. What was readable but has no
place in a record (claims, organisations …) is counted by reason in `left_out`, so that every resource is accounted
for. Only a path with nothing to read in it raises (`PathProblem`), before anything else happens.

Reading is deterministic: the same bytes give the same `source_id` and `made_at` for each item, on any machine and
under any file name. That is what makes a second import of the same file double nothing.
"""

from api.import_files.imported import (
    UNKNOWN_AUTHOR,
    ImportedFile,
    ImportedItem,
    ImportedPerson,
    ImportedRecord,
    Kind,
)
from api.import_files.problems import EntryProblem, FileProblem, ImportProblem, PathProblem
from api.import_files.read import read_file, read_files, source_files
from api.import_files.topics import TOPICS, Coding, topics_of

__all__ = [
    "TOPICS",
    "UNKNOWN_AUTHOR",
    "Coding",
    "EntryProblem",
    "FileProblem",
    "ImportProblem",
    "ImportedFile",
    "ImportedItem",
    "ImportedPerson",
    "ImportedRecord",
    "Kind",
    "PathProblem",
    "read_file",
    "read_files",
    "source_files",
    "topics_of",
]
