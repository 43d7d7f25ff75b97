"""How hard a text is: Flesch-Kincaid grade (Kincaid et al. 1975), with syllables counted as groups of vowels."""

import re

from markupsafe import Markup

from api.pages.leaflets import Leaflet


def sentences(leaflet: Leaflet) -> list[str]:
    """What stands between tags that end a line, cut at full stops. A link's address is not read."""
    blocks = re.split(r"</?(?:p|li|h\d|ul|ol)>", leaflet.html)
    texts = [Markup(block).striptags() for block in blocks]  # noqa: S704
    return [part for text in texts for part in re.split(r"(?<=[.?!:;])\s+", text) if re.search(r"[A-Za-z]", part)]


def spoken_words(leaflet: Leaflet) -> list[str]:
    return [word for sentence in sentences(leaflet) for word in words_of(sentence)]


def words_of(sentence: str) -> list[str]:
    return re.findall(r"[A-Za-z][A-Za-z'\u2019]*|\d+", sentence)


def syllables(word: str) -> int:
    groups = len(re.findall(r"[aeiouy]+", word.lower()))
    silent = word.lower().endswith("e") and not word.lower().endswith("le") and groups > 1
    return max(1, groups - silent)


def grade(told: list[str]) -> float:
    words = [word for sentence in told for word in words_of(sentence)]
    return 0.39 * len(words) / len(told) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
