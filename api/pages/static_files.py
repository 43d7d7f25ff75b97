"""The pages' own files: styles and modules, read once, under a path that names their content, kept for ever.

A new version has another path, so nobody runs old code against a new server. There is no build step and no other host.
"""

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

router: Final = APIRouter(include_in_schema=False)
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "LICENSE": "text/plain; charset=utf-8",
}
_FOR_EVER: Final = {"cache-control": "public, max-age=31536000, immutable"}


def _read(folder: Traversable, before: str = "") -> Iterator[tuple[str, bytes]]:
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            yield from _read(one, f"{before}{one.name}/")
        elif one.name.rpartition(".")[2] in _TYPES:
            yield before + one.name, one.read_bytes()


FILES: Final = dict(_read(files("api.pages") / "static"))
"""The bytes of each file by its path."""
BASE: Final = "/static/" + hashlib.sha256(repr(sorted(FILES.items())).encode()).hexdigest()[:16]
"""Where they are: the 16 hexadecimal digits are of all of them together, so that modules import each other by name."""


@router.get(BASE + "/{path:path}")
async def file(path: str) -> Response:
    """One file; 404 for what is not there."""
    if (data := FILES.get(path)) is None:
        raise HTTPException(404)
    return Response(data, headers=_FOR_EVER, media_type=_TYPES[path.rpartition(".")[2]])
