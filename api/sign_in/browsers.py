"""How somebody knows one of their browsers by: a name from two short lists, never what the browser sent."""

from typing import Final

UNKNOWN: Final = "A browser"
_BROWSERS: Final = (
    # In this order: most browsers also call themselves Chrome or Safari.
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)
_LOOKED_AT: Final = 512


def browser_of(user_agent: str) -> str:
    """A browser's name from its ``User-Agent`` header, as "Firefox on Linux"."""
    sent = user_agent[:_LOOKED_AT]
    browser = next((name for mark, name in _BROWSERS if mark in sent), UNKNOWN)
    system = next((name for mark, name in _SYSTEMS if mark in sent), None)
    return browser if system is None else f"{browser} on {system}"
