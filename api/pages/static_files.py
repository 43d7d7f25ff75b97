"""The pages' own files: styles, modules and fonts, read once, under a path that names their content, kept for ever.

A new version has another path, so nobody runs old code against a new server. There is no build step and no other host.
What shrinks is compressed once, when the service starts; these files hold no secret that its length could betray.
"""

import gzip
import hashlib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.http.compressing import takes_gzip

router: Final = APIRouter(include_in_schema=False)
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "LICENSE": "text/plain; charset=utf-8",
}
_FOR_EVER: Final = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
_COMPRESSED: Final = _FOR_EVER | {"content-encoding": "gzip"}


def _read(folder: Traversable, before: str = "") -> Iterator[tuple[str, bytes]]:
    for one in sorted(folder.iterdir(), key=lambda one: one.name):
        if one.is_dir():
            yield from _read(one, f"{before}{one.name}/")
        elif one.name.rpartition(".")[2] in _TYPES:
            yield before + one.name, one.read_bytes()


def _smaller() -> Iterator[tuple[str, bytes]]:
    """What is worth its compression; a font is compressed already (WOFF2)."""
    for path, data in FILES.items():
        packed = gzip.compress(data, mtime=0)
        if len(packed) < 0.9 * len(data):
            yield path, packed


FILES: Final = dict(_read(files("api.pages") / "static"))
"""The bytes of each file by its path."""
GZIPPED: Final = dict(_smaller())
"""The same compressed, of each that it makes smaller."""
BASE: Final = "/static/" + hashlib.sha256(repr(sorted(FILES.items())).encode()).hexdigest()[:16]
"""Where they are: the 16 hexadecimal digits are of all of them together, so that modules import each other by name."""


@router.get(BASE + "/{path:path}")
async def file(request: Request, path: str) -> Response:
    """One file; 404 for what is not there."""
    if (data := FILES.get(path)) is None:
        raise HTTPException(404)
    kind = _TYPES[path.rpartition(".")[2]]
    if path in GZIPPED and takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(GZIPPED[path], headers=_COMPRESSED, media_type=kind)
    return Response(data, headers=_FOR_EVER, media_type=kind)
