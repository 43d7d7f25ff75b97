"""Two versions of a text side by side: what of the old words is gone, and what of the new ones is new."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

_MOST_COMPARED: Final = 250_000
"""Words of one side times those of the other, up to which changed passages are compared word by word."""
_MOST_LINES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Passage:
    """Some of a version: ``same`` in both, or only in this one."""

    text: str
    same: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions as passages. ``in_full`` is whether they could be compared."""

    old: Sequence[Passage]
    new: Sequence[Passage]
    in_full: bool = True


def compared(old: str, new: str) -> Compared:
    """What of the old words is gone, and what of the new ones is new: whole lines, and within lines words."""
    before, after = ([f"{line}\n" for line in text.split("\n")] for text in (old, new))
    if max(len(before), len(after)) > _MOST_LINES:
        return Compared([Passage(old, same=True)], [Passage(new, same=True)], in_full=False)
    gone, fresh = list[Passage](), list[Passage]()
    for same, one, other in _aligned(before, after):
        if same or not one or not other:
            gone.append(Passage("".join(one), same))
            fresh.append(Passage("".join(other), same))
            continue
        for alike, few, others in _in_words(one, other):
            gone.append(Passage("".join(few), alike))
            fresh.append(Passage("".join(others), alike))
    return Compared([one for one in gone if one.text], [one for one in fresh if one.text])


def _in_words(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    words, others = _words("".join(one)), _words("".join(other))
    if len(words) * len(others) > _MOST_COMPARED:
        yield False, one, other
    else:
        yield from _aligned(words, others)


def _aligned(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    for kind, i, j, k, n in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        yield kind == "equal", one[i:j], other[k:n]


def _words(text: str) -> list[str]:
    """The words of a text, each with the blank space behind it."""
    words: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        *parts, last = line.split(" ")
        words += [*(f"{part} " for part in parts), last, "\n"]
    return [word for word in words if word]
