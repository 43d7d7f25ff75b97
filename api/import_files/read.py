"""A path into imported files: find them, tell what each one is, read them one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from api.import_files import fhir_r4, primock57
from api.import_files.imported import ImportedFile
from api.import_files.json_tree import Node, load_json
from api.import_files.problems import EntryProblem, FileProblem, PathProblem


def source_files(path: Path) -> tuple[Path, ...]:
    """List what `read_files` would read, in its order: the file itself, or every .json file below a folder.

    Cheap (nothing is opened), so a progress bar can have its total. Errors: `PathProblem`.
    """
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise PathProblem(path, "", "no such file or folder", "a file or a folder", "Check the path.")
    files = tuple(sorted(file for file in path.rglob("*.json") if file.is_file()))
    if not files:
        next_step = "Name a folder with FHIR R4 Bundles or PriMock57 notes."
        raise PathProblem(path, "", "no .json file in this folder", "at least one", next_step)
    return files


def read_files(path: Path) -> Iterator[ImportedFile]:
    """Read a file, or every .json file below a folder, one at a time and in the order of their names.

    Errors: `PathProblem` when there is nothing to read, raised by this call and not by the first step of the iterator;
    everything else is in the `problems` of the file it belongs to.
    """
    files = source_files(path)
    return (read_file(file) for file in files)


def read_file(file: Path) -> ImportedFile:
    """Read one file of either kind. Never raises an `ImportProblem`: a file that cannot be read holds its own."""
    try:
        return _read(load_json(file))
    except EntryProblem as problem:  # at the root, so that nothing below it can be read
        whole = FileProblem(file, problem.pointer, problem.got, problem.wanted, problem.next_step)
        return ImportedFile(file, problems=(whole,))
    except FileProblem as problem:
        return ImportedFile(file, problems=(problem,))


def _read(root: Node) -> ImportedFile:
    if fhir_r4.looks_like(root):
        return fhir_r4.read(root)
    if primock57.looks_like(root):
        return primock57.read(root)
    next_step = "Leave it out, or convert it to a FHIR R4 Bundle."
    raise FileProblem(root.file, "", "JSON of another shape", "a FHIR R4 Bundle or a PriMock57 note", next_step)
