"""The one palette of the pages: every colour by name, and every pair of them that may meet.

The style sheets and the pictures take their colours from here; a test measures each pair by WCAG 2.2.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PALETTE: Final[Mapping[str, str]] = MappingProxyType(
    {
        # Paper and ink.
        "ink": "#212b32",
        "quiet": "#4c6272",
        "paper": "#ffffff",
        "wash": "#f0f4f5",
        "footer": "#d8dde0",
        "line": "#768692",
        "hairline": "#d8dde0",
        # The house's own colour, of headers and buttons.
        "brand": "#0b4f54",
        "brand-dark": "#093f43",
        "brand-line": "#3c7276",
        "link": "#0b4f7a",
        "link-hover": "#073454",
        "link-visited": "#4c2c7a",
        # What a mark means; never told by colour alone.
        "red": "#b8231a",
        "red-dark": "#7a1610",
        "red-pale": "#f7d4d1",
        "amber": "#b35900",
        "amber-dark": "#5c3a00",
        "amber-pale": "#fff2d9",
        "green": "#005a30",
        "green-pale": "#d5eadf",
        "yellow": "#ffeb3b",
        "yellow-dark": "#4d4712",
        "yellow-pale": "#fff9c4",
        "focus": "#ffeb3b",
        # How often a record was looked at on a day, from never to often, and the numeral on each.
        "looks-0": "#ffffff",
        "looks-1": "#cfe3e0",
        "looks-2": "#8dbdb8",
        "looks-3": "#347f7a",
        "looks-4": "#0b4f54",
        "on-looks-0": "#212b32",
        "on-looks-1": "#212b32",
        "on-looks-2": "#212b32",
        "on-looks-3": "#ffffff",
        "on-looks-4": "#ffffff",
        # A chart's two series; they differ in the shape of their points as well.
        "first-series": "#0b4f54",
        "second-series": "#a34700",
    }
)
"""Each colour as sRGB, ``#rrggbb``."""

_TEXT: Final = 4.5
_GRAPHIC: Final = 3.0

PAIRS: Final[tuple[tuple[str, str, float], ...]] = (
    *((text, ground, _TEXT) for text in ("ink", "quiet", "link", "link-hover") for ground in ("paper", "wash")),
    *((text, ground, _TEXT) for text in ("link-visited", "brand", "red", "green") for ground in ("paper", "wash")),
    *((text, ground, _TEXT) for text in ("amber", "red-dark", "amber-dark") for ground in ("paper",)),
    *((text, "footer", _TEXT) for text in ("ink", "link", "quiet")),
    *(("paper", ground, _TEXT) for ground in ("brand", "brand-dark", "red", "green", "link", "link-hover")),
    *(("ink", ground, _TEXT) for ground in ("yellow", "yellow-pale", "amber-pale", "green-pale", "red-pale", "focus")),
    *((text, "yellow-pale", _TEXT) for text in ("link", "quiet", "yellow-dark")),
    ("red-dark", "red-pale", _TEXT),
    ("amber-dark", "amber-pale", _TEXT),
    ("green", "green-pale", _TEXT),
    *((f"on-looks-{level}", f"looks-{level}", _TEXT) for level in range(5)),
    *(("line", ground, _GRAPHIC) for ground in ("paper", "wash")),
    ("amber", "wash", _GRAPHIC),
    *((mark, ground, _GRAPHIC) for mark in ("first-series", "second-series") for ground in ("paper", "wash")),
    ("focus", "brand", _GRAPHIC),
    ("focus", "brand-dark", _GRAPHIC),
)
"""Foreground, background and the least contrast: 4.5 for text (WCAG 2.2, 1.4.3), 3 for a graphic (1.4.11)."""
