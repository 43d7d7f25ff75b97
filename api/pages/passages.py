"""Passages: where in a text the words stand that a comment is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Passage:
    """Some of a text, and whether somebody speaks of it."""

    text: str
    quoted: bool


def spelled_as_in(text: str, quote: str) -> str | None:
    """A passage as the text has it, from how it was copied; None where it does not occur.

    What is copied from a page may have other blank space, at the ends of lines above all. So both are compared with
    one space between words: that takes no longer than the texts are long, whatever somebody sends.
    """
    sought = " ".join(_WORD.findall(quote))
    words = list(_WORD.finditer(text))
    start = " ".join(word[0] for word in words).find(sought)
    if not sought or start < 0:
        return None
    places = [place for word in words for place in range(word.start() - 1, word.end())][1:]
    return text[places[start] : places[start + len(sought) - 1] + 1]


def marked_in(text: str, quotes: Sequence[str]) -> list[Passage]:
    """A text in pieces, those marked that are quoted; each quote where it occurs first, none within another."""
    spans: list[tuple[int, int]] = []
    for quote in quotes:
        start = text.find(quote)
        end = start + len(quote)
        if start >= 0 and all(end <= other or start >= after for other, after in spans):
            spans.append((start, end))
    pieces, at = [], 0
    for start, end in sorted(spans):
        pieces += [Passage(text[at:start], quoted=False), Passage(text[start:end], quoted=True)]
        at = end
    return [piece for piece in (*pieces, Passage(text[at:], quoted=False)) if piece.text]
