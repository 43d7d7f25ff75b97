"""Every message that pages say, to be translated: ``python -m api.pages.catalogue`` writes ``messages.pot`` anew.

Messages stand in templates, in Python (``_``, ``ngettext``, ``marked``), in the pages' modules (``_`` of
``static/words.js``), and in tables below the pages, which tell in plain English what pages show in the reader's words.
How a language is added is told in ``docs/how-to/add-a-language.md``.
"""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract, extract_javascript, extract_python
from babel.messages.pofile import write_po
from jinja2.ext import babel_extract

from api.http import problems
from api.pages.language import Language
from api.pages.static_files import FILES
from ledger.core.explanations import PERMITTED, REFUSED
from ledger.core.explanations_of_saying import SAYING_PERMITTED, SAYING_REFUSED
from projections.due import KINDS
from projections.notices import NOTICES

PACKAGE: Final = Path(str(files("api.pages")))
POT: Final = PACKAGE / "messages.pot"
_API: Final = PACKAGE.parent
_KEYWORDS: Final[Mapping[str, Any]] = {"_": None, "gettext": None, "marked": None, "ngettext": (1, 2)}
_OPTIONS: Final = {
    "trim_blocks": "true",
    "lstrip_blocks": "true",
    "silent": "false",
    "extensions": "jinja2.ext.i18n",
}

Message = str | tuple[str, str]
"""A message, or one that counts: as it is for one, and for many."""


def messages() -> dict[Message, list[str]]:
    """Every message with the files in which it stands, in the order in which they are read."""
    found: dict[Message, list[str]] = {}
    for place, message in _everything():
        places = found.setdefault(message, [])
        if place not in places:
            places.append(place)
    return found


def of_scripts() -> frozenset[str]:
    """What the pages' modules may tell: their own messages, and why a rule refuses."""
    own = (message for path, text in _scripts() for message in _said(extract_javascript, text, path))
    return frozenset(one for one in own if isinstance(one, str)) | frozenset(_told(explained=True))


@cache
def words_of_scripts(language: Language) -> str | None:
    """What a page gives its modules to speak with, as JSON; None in English, which they speak."""
    translated = {one: language.catalogue.gettext(one) for one in sorted(of_scripts())}
    told = {one: words for one, words in translated.items() if words != one}
    return json.dumps(told, ensure_ascii=False) if told else None


def catalogue() -> Catalog:
    """The messages without any translation."""
    made = Catalog(project="record-ledger", charset="utf-8", fuzzy=False, header_comment=_HEADER)
    for message, places in messages().items():
        made.add(message, locations=[(place, 0) for place in places])
    return made


_HEADER: Final = """\
# What the pages of record-ledger say, in English. Made by python -m api.pages.catalogue; do not change it by hand.
# How a language is added: docs/how-to/add-a-language.md."""


def written() -> bytes:
    """The file ``messages.pot``: without line numbers and dates, so that it changes only with the messages."""
    file = io.BytesIO()
    write_po(file, catalogue(), width=120, no_location=False, omit_header=False, include_lineno=False)
    return b"".join(line for line in file.getvalue().splitlines(keepends=True) if not line.startswith(_LEFT_OUT))


_LEFT_OUT: Final = tuple(
    f'"{name}'.encode() for name in ("Project-Id", "Report-", "POT-", "PO-", "Last-Tr", "Language-Team", "Generated-By")
)
"""Members of the header that say nothing, or that change when nothing else does."""


def _everything() -> Iterator[tuple[str, Message]]:
    for path in sorted((PACKAGE / "templates").rglob("*.html")):
        yield from ((_name(path), one) for one in _said(babel_extract, path.read_bytes(), _name(path)))
    for folder in (PACKAGE, _API / "demo"):
        for path in sorted(folder.rglob("*.py")):
            yield from ((_name(path), one) for one in _said(extract_python, path.read_bytes(), _name(path)))
    for name, text in _scripts():
        yield from ((f"api/pages/static/{name}", one) for one in _said(extract_javascript, text, name))
    yield from (("what rules mean", one) for one in _told(explained=True))
    yield from (("tables", one) for one in _told(explained=False))


def _name(path: Path) -> str:
    return path.relative_to(_API.parent).as_posix()


def _scripts() -> Iterator[tuple[str, bytes]]:
    """The modules that we wrote."""
    yield from ((path, data) for path, data in FILES.items() if path.endswith(".js") and "/" not in path)


def _said(method: Callable[..., Iterable[Any]], text: bytes, place: str) -> Iterator[Message]:
    """The messages of one file; raises ValueError for a message that is put together, which nobody can translate."""
    for _line, message, _comments, _context in extract(method, io.BytesIO(text), _KEYWORDS, (), dict(_OPTIONS)):
        if not message:
            raise ValueError(f"{place}: got an empty message, wanted words")
        yield message if isinstance(message, str) else (message[0], message[1])


def _told(*, explained: bool) -> Iterator[str]:
    """What tables below the pages hold: why a rule decides so, or else notices, what is due, and kinds of refusal."""
    if explained:
        for table in (PERMITTED, REFUSED, SAYING_PERMITTED, SAYING_REFUSED):
            for one in table.values():
                yield from filter(None, (one.told, one.of_them))
        return
    yield from NOTICES.values()
    yield from KINDS.values()
    yield from (one.title for one in vars(problems).values() if isinstance(one, problems.Kind))


if __name__ == "__main__":
    POT.write_bytes(written())
