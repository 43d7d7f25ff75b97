"""Change the guard and the rules' tables, one edit at a time; a test must fail for each.

    python -m tests.mutants.by_hand [guard|constants]

Takes some ten minutes, and is not part of CI. Ends with 1 if an edit went unnoticed. Each edit is tried in a process
of its own, which is forked from one that has a database server, and imports the product anew with the edit in it.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from tests.mutants import constants, guard, noticing

ROOT = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds after which a test that hangs has noticed."""
EXPLAINED = frozenset({"2 is 3", "await self._catch_up(connection, now_at) => await asyncio.sleep(0)"})
"""What changes nothing; docs/reference/mutants.md says why. They are told of, and are no failure."""
_OURS = ("ledger", "projections", "api", "tests")


class Mutant(NamedTuple):
    """A file's path, what is changed in it, and its new text."""

    path: str
    what: str
    text: str


class Edited(MetaPathFinder, Loader):
    """Imports one module from a text of its own."""

    def __init__(self, mutant: Mutant) -> None:
        self.name, self.text = mutant.path.removesuffix(".py").replace("/", "."), mutant.text
        self.file = str(ROOT / mutant.path)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return spec_from_loader(fullname, self, origin=self.file) if fullname == self.name else None

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self.file
        exec(compile(self.text, self.file, "exec"), module.__dict__)  # noqa: S102 - our own source, edited


def of_guard() -> Iterator[Mutant]:
    """The guard's edits."""
    for path, before, after in guard.EDITS:
        source = (ROOT / path).read_text(encoding="utf-8")
        if source.count(before) != 1:
            raise SystemExit(f"{path}: got {source.count(before)} times, wanted once: {before!r}; mend tests/mutants")
        yield Mutant(path, f"{before} => {after}", source.replace(before, after))


def of_constants() -> Iterator[Mutant]:
    """Every small change of the rules' tables and constants."""
    for path, source in constants.sources(ROOT):
        for what, text in constants.changed(source):
            yield Mutant(path, what, text)


@contextmanager
def edited(mutant: Mutant | None) -> Iterator[None]:
    """From here on the product is imported anew, with the edit in it."""
    for name in [name for name in sys.modules if name.partition(".")[0] in _OURS]:
        del sys.modules[name]
    if mutant is not None and mutant.path.endswith(".py"):
        sys.meta_path.insert(0, Edited(mutant))
    if mutant is not None and mutant.path == guard.ADMISSION:
        from ledger.store import admission  # noqa: PLC0415 - the one that is imported anew

        admission.ADMISSION_SQL = mutant.text.encode()
    yield


def survives(mutant: Mutant | None, notice: Callable[[], None]) -> bool:
    """Does every test still pass with it (or, without any edit, at all)?"""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    signal.alarm(PATIENCE)
    try:
        with edited(mutant), open(os.devnull, "w") as nowhere:
            if mutant is not None:
                os.dup2(nowhere.fileno(), 1), os.dup2(nowhere.fileno(), 2)
            notice()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def tell(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def tried(mutants: list[Mutant], notice: Callable[[], None]) -> int:
    """Try each, tell of those that survive, and give how many of them nobody has explained."""
    if not survives(None, notice):
        raise SystemExit("the tests fail without any edit; mend them first")
    survivors: list[str] = []
    for n, mutant in enumerate(mutants, 1):
        tell(f"{n} of {len(mutants)}\r")
        if survives(mutant, notice):
            survivors.append(mutant.what)
            tell(f"survived: {mutant.path}: {mutant.what}\n")
    tell(f"{len(mutants) - len(survivors)} of {len(mutants)} killed\n")
    return len([what for what in survivors if what not in EXPLAINED])


def main() -> None:
    asked, survivors = sys.argv[1:] or ["constants", "guard"], 0
    if "constants" in asked:
        survivors += tried(list(of_constants()), noticing.of_rules)
    if "guard" in asked:
        with noticing.server() as notice:
            survivors += tried(list(of_guard()), notice)
    sys.exit(bool(survivors))


if __name__ == "__main__":
    main()
