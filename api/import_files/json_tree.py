"""A JSON file read strictly, and a cursor that never lets a wrong shape become a `KeyError`.

Sources: RFC 8259 (JSON), RFC 6901 (JSON Pointer). Numbers with a fraction or an exponent stay decimal, digit for digit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from api.import_files.problems import EntryProblem, FileProblem, quoted

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
DEEPEST = 100  # FHIR resources nest to about 20; a limit here keeps every later walk within the stack
LARGEST_WORDS = (
    255 * 1024
)  # format.md section 2 allows 256 KiB of words; the salt and the members' names take their part
JSON_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "true or false", type(None): "null"}


@dataclass(frozen=True)
class Node:
    """One JSON value with the place it came from. Every step down checks the shape and raises `EntryProblem`."""

    value: object
    file: Path
    pointer: str = ""

    def wrong(self, got: str, wanted: str, next_step: str = "Correct the file where it came from.") -> EntryProblem:
        """Make the problem that this place has; the caller raises or keeps it."""
        return EntryProblem(self.file, self.pointer, got, wanted, next_step)

    def member(self, name: str) -> Node | None:
        """Step to a member of this object; None if it is absent."""
        if not isinstance(self.value, dict):
            raise self.wrong(kind_of(self.value), "an object")
        return Node(self.value[name], self.file, f"{self.pointer}/{name}") if name in self.value else None

    def members(self, name: str) -> tuple[Node, ...]:
        """Step to each element of an array member; nothing if it is absent."""
        array = self.member(name)
        if array is None:
            return ()
        if not isinstance(array.value, list):
            raise array.wrong(kind_of(array.value), "an array")
        return tuple(Node(element, self.file, f"{array.pointer}/{n}") for n, element in enumerate(array.value))

    def one_or_many(self, name: str) -> tuple[Node, ...]:
        """Step to a member that some resources hold once and others as an array."""
        found = self.member(name)
        if found is None:
            return ()
        return self.members(name) if isinstance(found.value, list) else (found,)

    def string(self, name: str) -> str | None:
        """Read a string member; None if it is absent.

        Refuses NUL and lone surrogates, which no store or signature keeps.
        """
        found = self.member(name)
        if found is None:
            return None
        if not isinstance(found.value, str):
            raise found.wrong(kind_of(found.value), "a string")
        return found.storable(found.value)

    def strings(self, name: str) -> tuple[str, ...]:
        """Read an array of strings; nothing if it is absent."""
        elements = self.members(name)
        for element in elements:
            if not isinstance(element.value, str):
                raise element.wrong(kind_of(element.value), "a string")
        return tuple(element.storable(str(element.value)) for element in elements)

    def required(self, name: str) -> str:
        """Read a string member that must be there and say something."""
        text = self.string(name)
        if text is None or not text.strip():
            raise self.wrong(f"no {name}" if text is None else f"an empty {name}", f"a {name}")
        return text

    def scalar(self, name: str) -> str | None:
        """Read a number, boolean or string member as the source wrote it."""
        found = self.member(name)
        if found is None:
            return None
        if isinstance(found.value, bool):
            return "yes" if found.value else "no"
        if isinstance(found.value, int | Decimal):
            return str(found.value)
        return self.string(name)

    def whole_number(self, name: str, low: int, high: int) -> int:
        """Read a whole number between two bounds, both allowed."""
        found = self.member(name)
        value = None if found is None else found.value
        if type(value) is not int or not low <= value <= high:
            raise (found or self).wrong(quoted(value), f"{name} as a whole number from {low} to {high}")
        return value

    def storable(self, text: str) -> str:
        """Return the text if it can be stored and signed."""
        if "\0" in text:
            raise self.wrong("a NUL character", "text without one", "Remove it where the text came from.")
        if LONE_SURROGATE.search(text):
            raise self.wrong("half of a surrogate pair", "whole characters", "Export the file again as UTF-8.")
        return text

    def sized(self, title: str, text: str) -> str:
        """Return the text if it and its title fit into the words of one statement."""
        size = len(json.dumps([title, text], ensure_ascii=False).encode())
        if size > LARGEST_WORDS:
            raise self.wrong(f"{size:,} bytes of text", f"at most {LARGEST_WORDS:,}", "Divide the document.")
        return text


def kind_of(value: object) -> str:
    """Name the JSON kind of a value, with its article."""
    return JSON_KINDS.get(type(value), "a number")


def load_json(file: Path) -> Node:
    """Read a whole file as JSON.

    Errors: `FileProblem` for what is unreadable, not UTF-8, not JSON, repeats a member, or nests too deep.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise FileProblem(
            file, "", error.strerror or "an error", "a readable file", "Check its permissions."
        ) from error
    try:
        text = raw.decode("utf-8-sig")  # RFC 8259 section 8.1 lets a reader ignore a byte order mark
    except UnicodeDecodeError as error:
        got = f"byte 0x{raw[error.start]:02x} at offset {error.start}"
        raise FileProblem(file, "", got, "UTF-8", "Export the file again as UTF-8.") from error
    value = parse_json(text, file)
    if not _nests_within(value, DEEPEST):
        raise FileProblem(file, "", f"more than {DEEPEST} levels", "fewer", "Check that this is a health record.")
    return Node(value, file)


def _nests_within(value: object, limit: int) -> bool:
    """Tell whether a value nests at most so deep, level by level: a loop, for a recursion would be what it guards."""
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _inner(outer)]
        if not level:
            return True
    return False


def _inner(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def parse_json(text: str, file: Path) -> object:
    """Parse text as JSON, strictly: no repeated member, no NaN. Errors: `FileProblem`."""

    def refuse_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) != len(pairs):
            names = [name for name, _ in pairs]
            repeated = next(name for name in names if names.count(name) > 1)
            raise FileProblem(
                file, "", f"the member {quoted(repeated)} twice", "each once", "Two readers would differ."
            )
        return members

    def refuse_constant(name: str) -> object:
        raise FileProblem(file, "", name, "a number", "JSON has no such number (RFC 8259 section 6).")

    try:
        return json.loads(text, parse_float=Decimal, parse_constant=refuse_constant, object_pairs_hook=refuse_repeats)
    except json.JSONDecodeError as error:
        got = f"{error.msg} in line {error.lineno}, column {error.colno}"
        raise FileProblem(file, "", got, "JSON", "Check that the file is whole.") from error
    except (ValueError, ArithmeticError) as error:  # a number beyond what int or Decimal can hold
        raise FileProblem(file, "", "a number beyond reason", "a number", "Correct it at its source.") from error
    except RecursionError as error:
        raise FileProblem(
            file, "", f"more than {DEEPEST} levels", "fewer", "Check that this is a health record."
        ) from error


def objects_within(value: object) -> Iterator[dict[str, object]]:
    """Yield every object inside a JSON value, itself included.

    A loop, so that deep nesting cannot exhaust the stack.
    """
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            yield current
            waiting.extend(current.values())
        elif isinstance(current, list):
            waiting.extend(current)
