"""A library: every leaflet of one folder, rendered; one that is wrong stops the start, and says where and why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources.abc import Traversable
from typing import Final

from markupsafe import Markup

from api.pages.leaflets.front_matter import LeafletError, Source, parse_head, split
from api.pages.leaflets.words import render

LONGEST: Final = 64 * 1024
"""The most bytes of one file."""
MOST: Final = 500
"""The most leaflets of one folder."""
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Leaflet:
    """One leaflet. ``name``: for its address; ``html``: the words, of which the highest heading is an h2.

    ``checked``: since when every source has been checked; None where one has not.
    """

    name: str
    title: str
    summary: str
    audience: tuple[str, ...]
    html: Markup
    sources: tuple[Source, ...]
    written: date
    checked: date | None
    review_by: date

    def is_due(self, today: date) -> bool:
        """Whether somebody should have looked at it again by now."""
        return today > self.review_by


def read_library(folder: Traversable) -> tuple[Leaflet, ...]:
    """Every leaflet of a folder, in order. Raises LeafletError for the first that is wrong, or where there is none."""
    read = [(*_read(one), one.name) for one in _files(folder)]
    if not read:
        raise LeafletError(f"{folder}: got no leaflet, wanted files NAME.md")
    leaflets = [leaflet for _, leaflet, _ in sorted(read, key=lambda one: (one[0], one[1].name))]
    _check_apart(leaflets)
    return tuple(leaflets)


def _files(folder: Traversable) -> Iterator[Traversable]:
    try:
        found = sorted((one for one in folder.iterdir() if not one.name.startswith(".")), key=lambda one: one.name)
    except OSError as error:
        raise LeafletError(f"{folder}: {error.strerror}; wanted a folder of files NAME.md") from error
    if len(found) > MOST:
        raise LeafletError(f"{folder}: got {len(found)} files, wanted {MOST} at most")
    for one in found:
        # Neither a folder nor a pipe, which would never end.
        if not one.is_file() or not one.name.endswith(".md"):
            raise LeafletError(f"{folder}: got {one.name!r}, wanted nothing but files NAME.md; move it elsewhere")
        yield one


def _read(file: Traversable) -> tuple[int, Leaflet]:
    try:
        name = file.name.removesuffix(".md")
        _check_name(name)
        return _leaflet(name, _text(file))
    except LeafletError as error:
        raise LeafletError(f"{file.name}: {error}") from error


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > 64:
        raise LeafletError("wanted a name of lower-case letters, digits and hyphens, 64 at most")


def _text(file: Traversable) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(LONGEST + 1)
        text = data.decode()
    except OSError as error:
        raise LeafletError(f"{error.strerror}; wanted a file that the service may read") from error
    except UnicodeDecodeError as error:
        raise LeafletError(f"got a byte {data[error.start]:#04x} at {error.start}, wanted UTF-8") from None
    if len(data) > LONGEST:
        raise LeafletError(f"got more than {LONGEST} bytes, wanted a leaflet, which is short")
    return text


def _leaflet(name: str, text: str) -> tuple[int, Leaflet]:
    top, words = split(text)
    head = parse_head(top)
    days = [source.checked for source in head.sources if source.checked is not None]
    leaflet = Leaflet(
        name=name,
        title=head.title,
        summary=head.summary,
        audience=tuple(head.audience),
        html=render(words),
        sources=tuple(head.sources),
        written=head.written,
        checked=min(days) if len(days) == len(head.sources) else None,
        review_by=head.review_by,
    )
    return head.order, leaflet


def _check_apart(leaflets: Sequence[Leaflet]) -> None:
    seen: dict[str, str] = {}
    for leaflet in leaflets:
        if (other := seen.setdefault(leaflet.title.casefold(), leaflet.name)) != leaflet.name:
            raise LeafletError(f"{leaflet.name}.md: got the title of {other}.md, wanted titles that differ")
