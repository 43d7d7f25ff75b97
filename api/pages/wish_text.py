"""The words of an advance statement: from the fields that help to write it, and back into them; and two versions.

One text, as people read it: what stands under no heading first, then each heading with what was written under it. Text
that was written otherwise goes into the first field, as it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from api.pages.language import gettext as _
from api.pages.language import marked

OWN: Final = "own"
"""The field without a heading."""
PROMPTS: Final[Mapping[str, tuple[str, str]]] = {
    "matters": (
        marked("What matters to me"),
        marked("What calms you, and what makes things worse. Food, faith, music, sleep. How you like to be spoken to."),
    ),
    "treatments": (
        marked("Treatments and places I prefer"),
        marked("What has helped before, and what has not. Where you would like to be, and where not."),
    ),
    "looks_after": (
        marked("Who looks after my children, pets and home"),
        marked("Names, and how to reach them. Who has a key. What must not be forgotten."),
    ),
    "tell": (
        marked("Whom to tell when I am unwell"),
        marked("And whom not to tell. What these people may know."),
    ),
    "see": (
        marked("Who may see my record when I am unwell"),
        marked("And who still should see nothing. This is a wish. To share for real, use “Who can see what”."),
    ),
}
"""Each field with a heading: what it is called, and what one might write there."""
FIELDS: Final = (OWN, *PROMPTS)
_MOST_COMPARED: Final = 250_000
"""Words of one side times those of the other, up to which changed passages are compared word by word."""
_MOST_LINES: Final = 1_000


def text_of(fields: Mapping[str, str]) -> str:
    """One text of what is written in the fields, each without the blank space around it."""
    written = {name: fields.get(name, "").strip() for name in FIELDS}
    parts = [written[OWN], *(f"{_(PROMPTS[name][0])}\n{written[name]}" for name in PROMPTS if written[name])]
    return "\n\n".join(part for part in parts if part)


def fields_of(text: str) -> dict[str, str]:
    """The fields that a text was made of: each heading once, in their order; any other text is the first field's."""
    headings = {_(heading): name for name, (heading, _hint) in PROMPTS.items()}
    found: dict[str, list[str]] = {OWN: []}
    under = OWN
    for line in text.split("\n"):
        if line in headings and headings[line] not in found:
            under = headings[line]
            found[under] = []
        else:
            found[under].append(line)
    fields = {name: "\n".join(lines).strip() for name, lines in found.items()}
    return fields if text_of(fields) == text.strip() else {OWN: text.strip()}


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
