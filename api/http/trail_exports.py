"""The trail as a file: the lines that an auditor or a guardian would be listed, to be sorted and counted elsewhere.

It is streamed, newest first, and nothing of it is sent before it is recorded that it was told, by way of export. Cells
that a spreadsheet would take for a formula begin with an apostrophe (OWASP, "CSV Injection").
"""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

import orjson
from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from api.http.operations import problems
from api.http.service import Call, Calling
from api.http.sight import NOBODY, Sight, line_as_json, lines_of
from api.http.trail import LINE, Narrowing, OfItem, disclose, reading_of, sight_across, visible_to
from ledger.use_cases.trail import Asked
from projections.access_trail import Line

router: Final = APIRouter(tags=["trail"])
AT_ONCE: Final = 200
"""Lines that are recorded and sent together."""
COLUMNS: Final = (
    "position", "at", "id", "record", "viewer", "acting_as", "purpose", "via", "preview_of", "case", "refused", "rule",
    "attempted", "shown_by", "items",
)  # fmt: skip
"""Of the CSV. ``shown_by`` names rules, ``items`` ids, each with spaces between."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_CSV: Final = "text/csv"
_NDJSON: Final = "application/x-ndjson"
_KINDS: Final = {"csv": f"{_CSV}; charset=utf-8; header=present", "ndjson": _NDJSON}

Told = Mapping[str, Any]


class AskedExport(Narrowing):
    """The query: which lines, and in which format."""

    record: OfItem = Field(default=None, description="Of this record alone.")
    item: OfItem = Field(default=None, description="Lines that show this item.")
    purpose: str | None = Field(default=None, max_length=64, description="Guardians name one.")
    format: Literal["csv", "ndjson"] = "csv"


def _documented() -> dict[int | str, dict[str, Any]]:
    line = orjson.dumps({**LINE, "record": LINE["id"]}).decode() + "\n"
    shown = {_CSV: ",".join(COLUMNS) + "\r\n", _NDJSON: line}
    content = {media: {"schema": {"type": "string"}, "example": text} for media, text in shown.items()}
    return {200: {"description": "The file", "content": content}, **problems(401, 403, 404, 422, 503)}


@router.get(
    "/trail/export",
    operation_id="trail.export",
    summary="trail.export",
    response_class=Response,
    response_model=None,
    responses=_documented(),
    openapi_extra={"security": [{"bearer": []}, {"session": []}]},
)
async def export(call: Calling, asked: Annotated[AskedExport, Query()]) -> Response:
    """The lines of an auditor's case, or of every emergency for a guardian, as a file: CSV, or JSON a line.

    Which lines is asked for as in a search of the trail. Each part of it is recorded as a reading of the records that
    it tells of, by way of export, before it is sent.
    """
    reading = replace(reading_of(call, "", asked.purpose, asked.case), via="export")
    sight = await sight_across(call, asked.sought(asked.record, asked.item), reading.case)
    await call.service.caught_up()
    parts = _parts(call, sight, reading)
    first = await anext(parts)  # what refuses must be told before anything is sent
    write = _as_csv if asked.format == "csv" else _as_ndjson
    headers = {"content-disposition": f'attachment; filename="trail.{asked.format}"'}
    return StreamingResponse(_written(first, parts, write), media_type=_KINDS[asked.format], headers=headers)


async def _written(
    first: Sequence[Told], rest: AsyncIterator[Sequence[Told]], write: Callable[..., str]
) -> AsyncIterator[str]:
    yield write(first, begins=True)
    async for part in rest:
        yield write(part, begins=False)


async def _parts(call: Call, sight: Sight, reading: Asked) -> AsyncIterator[Sequence[Told]]:
    """The lines as their reader sees them, part by part, each recorded as told; the first even if it is empty."""
    before, seeing = None, visible_to(call, reading)
    record = sight.sought.record
    told: dict[str, set[str]] = {} if record is None else {record: set()}
    while True:
        chosen = await lines_of(call, sight, before, AT_ONCE, seeing)
        part = chosen[:AT_ONCE]
        yield await _recorded(call, sight, reading, part, told)
        if len(chosen) <= AT_ONCE:
            return
        before, told = part[-1][0].position, {}


async def _recorded(
    call: Call, sight: Sight, reading: Asked, part: Sequence[tuple[Line, set[str]]], told: dict[str, set[str]]
) -> Sequence[Told]:
    for line, seen in part:
        if line.record is not None:
            told.setdefault(line.record, set()).update(seen)
    made = await asyncio.gather(*(disclose(call, replace(reading, record=one), told[one]) for one in told))
    items = {shown.item for disclosure in made for shown in disclosure.thread()}
    lines = [(line, seen & items) for line, seen in part]
    return [line_as_json(sight, line, seen, NOBODY) for line, seen in lines if sight.shows(line, seen)]


def _as_ndjson(lines: Sequence[Told], *, begins: bool) -> str:
    return "".join(orjson.dumps(line).decode() + "\n" for line in lines)


def _as_csv(lines: Sequence[Told], *, begins: bool) -> str:
    """RFC 4180, with a header; every cell safe to open in a spreadsheet."""
    written = io.StringIO()
    rows = csv.writer(written)
    if begins:
        rows.writerow(COLUMNS)
    rows.writerows([safe(cell) for cell in _cells(line)] for line in lines)
    return written.getvalue()


def _cells(line: Told) -> list[str]:
    flat = {
        **line,
        "viewer": line["viewer"]["id"],
        "preview_of": None if line["preview_of"] is None else line["preview_of"]["id"],
        "refused": "yes" if line["refused"] else "no",
        "shown_by": " ".join(group["rule"] for group in line["shown"]),
        "items": " ".join(item for group in line["shown"] for item in group["items"]),
    }
    return ["" if flat[name] is None else str(flat[name]) for name in COLUMNS]


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
