"""Pages written by hand with parts made from the code, each between two comments that Markdown does not show.

<!-- made: statement-types -->
…
<!-- end -->
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"

_REGION = re.compile(r"(<!-- made: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def regions_of(page: str) -> list[str]:
    """The names of a page's made parts, in order."""
    return [name for _, name, _ in _REGION.findall(page)]


def filled(page: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """The page with each made part made anew; raises KeyError for a part that nobody makes."""
    return _REGION.sub(lambda found: f"{found[1]}\n{parts[found[2]]().strip()}\n\n{found[3]}", page)


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
