"""A language that nobody speaks: every message accented, half as long again, and between brackets that show its ends.

What a page says outside the brackets was never given to be translated; what bursts them apart does not fit.
"""

import io
import re
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from api.pages.catalogue import messages

OPENS, CLOSES = "⟦", "⟧"
_KEPT: Final = re.compile(r"(%%?[({]\w+[)}][sd]?|%%|</?\w[^>]*>|&\w+;)")
"""Placeholders and markup, which a translator leaves as they are."""
_ACCENTED: Final = str.maketrans("aeiouyACEINOUYcnszAEIOU", "áéíóúýÁÇÉÍÑÓÚÝçñšžÁÉÍÓÚ")
_MORE: Final = 0.5


def pseudo(message: str) -> str:
    """A message in that language."""
    parts = _KEPT.split(message)
    said = "".join(part if _KEPT.fullmatch(part) else part.translate(_ACCENTED) for part in parts)
    words = sum(len(part) for part in parts if not _KEPT.fullmatch(part))
    more = " ".join(["ló"] * max(1, int(words * _MORE / 3)))
    return f"{OPENS}{said} {more}{CLOSES}"


def speak_pseudo(folder: Path, *locales: str) -> Path:
    """Write catalogues of that language under the names of real ones, whose direction and plurals they have."""
    for locale in locales:
        catalogue = Catalog(locale)
        for message in messages():
            if isinstance(message, str):
                catalogue.add(message, pseudo(message))
            else:
                catalogue.add(message, tuple(pseudo(message[-1]) for _ in range(catalogue.num_plurals)))
        written = folder / locale / "LC_MESSAGES" / "messages.mo"
        written.parent.mkdir(parents=True)
        made = io.BytesIO()
        write_mo(made, catalogue)
        written.write_bytes(made.getvalue())
    return folder
