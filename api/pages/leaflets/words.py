"""The words of a leaflet as HTML: CommonMark without HTML of its own, without pictures, linking to the web alone."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from api.pages.leaflets.front_matter import LeafletError, is_on_the_web

# HTML in a leaflet stays text. Pictures stay out: the pages load none from elsewhere.
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False, "typographer": True}).enable("smartquotes").disable("image")
# Whatever is no link of ours must be seen and refused, not quietly left as text.
_MARKDOWN.validateLink = lambda url: True  # type: ignore[method-assign]
_HIGHEST: Final = 2
"""The level of a leaflet's highest heading: the page's own, h1, is the title."""


def render(words: str) -> Markup:
    """The HTML of a leaflet's words. Raises LeafletError for no words, a link to elsewhere, or headings that skip."""
    if not words.strip():
        raise LeafletError("got nothing after the head, wanted the leaflet's words")
    tokens = _MARKDOWN.parse(words)
    _check_links(tokens)
    _lower_headings(tokens)
    # Safe: the renderer escapes every text, and no token can hold HTML.
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704


def _check_links(tokens: Iterable[Token]) -> None:
    for token in _all(tokens):
        if token.type == "link_open" and not is_on_the_web(url := str(token.attrs["href"])):
            raise LeafletError(f"got a link to {url[:80]!r}, wanted http:// or https:// and a host")


def _all(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())


def _lower_headings(tokens: Sequence[Token]) -> None:
    headings = [token for token in tokens if token.type in {"heading_open", "heading_close"}]
    levels = [int(token.tag[1]) for token in headings if token.type == "heading_open"]
    if not levels:
        return
    lower = _HIGHEST - min(levels)
    for before, after in zip([min(levels) - 1, *levels], levels, strict=False):
        if after > before + 1 or after + lower > 6:
            raise LeafletError(f"got a heading of level {after} after level {before}, wanted no level left out")
    for token in headings:
        token.tag = f"h{int(token.tag[1]) + lower}"
