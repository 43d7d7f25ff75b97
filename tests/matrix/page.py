"""The page of who may call what, from the table that the tests hold the API to: ``python -m tests.matrix.page``."""

from pathlib import Path
from typing import Final

from api.http.app import create_app
from api.settings import Settings
from api.wiring import House
from tests.docs.regions import DOCS, filled, table
from tests.keyring import fixed_keyring
from tests.matrix.answers import ALL, ANSWERS, Row
from tests.matrix.callers import CALLERS
from tests.matrix.place import operations

PAGE: Final = DOCS / "reference" / "who-may-call.md"
OF: Final = {"own": "one's own", "contribution": "a contribution"}


def who_may_call() -> str:
    """A row for each operation: with whom it answers, and for whom there is nothing."""
    known = operations(create_app(House(Settings(home=Path()), fixed_keyring(), "", "")))
    rows = []
    for name, row in sorted(ANSWERS.items()):
        base, _, of = name.partition(":")
        operation = known[base]
        shown = f"`{operation.method} {operation.path}`" + (f", {OF[of]}" if of else "")
        rows.append([shown, _answered(row), _names(row.absent)])
    return table(["operation", "answers", "not there (404)"], rows)


def _answered(row: Row) -> str:
    who = "everybody, signed in or not" if row.public else _names(row.may)
    return who if row.heard is None else f"{who}; {row.heard} to what lets nobody in"


def _names(callers: frozenset[str]) -> str:
    left_out = [name for name in CALLERS if name not in callers]
    if not left_out:
        return "everybody who is signed in"
    if len(callers) > len(ALL) / 2:
        return "all but " + ", ".join(left_out)
    return ", ".join(name for name in CALLERS if name in callers) or "nobody"


def main() -> None:
    """Write the page's table."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), {"who-may-call": who_may_call}), encoding="utf-8")


if __name__ == "__main__":
    main()
