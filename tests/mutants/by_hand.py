"""Change the guard and the rules' tables, one edit at a time, in a copy; a test must fail for each.

    python -m tests.mutants.by_hand [guard|constants]

Takes some twenty minutes on two cores, and is not part of CI. Ends with 1 if an edit was noticed by no test.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.mutants import constants, guard

ROOT = Path(__file__).parents[2]
PATIENCE = 120
"""Seconds after which a test that hangs has noticed."""


class Mutant(NamedTuple):
    """A file's path, what is changed in it, its new text, and the tests that should notice."""

    path: str
    what: str
    text: str
    tests: tuple[str, ...]


def of_guard() -> Iterator[Mutant]:
    """The guard's edits."""
    for path, before, after in guard.EDITS:
        source = (ROOT / path).read_text(encoding="utf-8")
        if source.count(before) != 1:
            raise SystemExit(f"{path}: got {source.count(before)} times, wanted once: {before!r}; mend tests/mutants")
        also = [test for part, tests in guard.ALSO.items() if part in before for test in tests]
        yield Mutant(path, f"{before} => {after}", source.replace(before, after), (*guard.TESTS, *also))


def of_constants() -> Iterator[Mutant]:
    """Every small change of the rules' tables and constants."""
    for path, source in constants.sources(ROOT):
        for what, text in constants.changed(source):
            yield Mutant(path, what, text, constants.TESTS)


def survives(mutant: Mutant, copy: Path) -> bool:
    """Does every test still pass with it?"""
    place, kept = copy / mutant.path, (copy / mutant.path).read_text(encoding="utf-8")
    place.write_text(mutant.text, encoding="utf-8")
    options = ["-o", "addopts=--import-mode=importlib", "-q", "-x", "-p", "no:cacheprovider", "--timeout", "60"]
    try:
        command = [sys.executable, "-B", "-m", "pytest", *options, *mutant.tests]
        return subprocess.run(command, cwd=copy, capture_output=True, timeout=PATIENCE, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        place.write_text(kept, encoding="utf-8")


def tell(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def main() -> None:
    kinds = {"guard": of_guard, "constants": of_constants}
    mutants = [mutant for name in sys.argv[1:] or kinds for mutant in kinds[name]()]
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        for n, mutant in enumerate(mutants, 1):
            if survives(mutant, copy):
                survivors.append(mutant)
                tell(f"survived: {mutant.path}: {mutant.what}\n")
            tell(f"{n} of {len(mutants)}\r")
    tell(f"{len(mutants) - len(survivors)} of {len(mutants)} killed\n")
    sys.exit(bool(survivors))


if __name__ == "__main__":
    main()
