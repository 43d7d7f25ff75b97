"""A record to keep: a zip file of all that its reader may see, with what proves it offline (``api.exporting``)."""

import asyncio
from collections.abc import Iterator
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from api.exporting import Wanted, gather
from api.exporting.contents import Contents
from api.exporting.evidence import Evidence
from api.exporting.writing import pack
from api.http.bodies import InPath
from api.http.operations import example, problems
from api.http.reading import AskedPurpose, purpose_of
from api.http.service import Calling, check_still_signed_in

router: Final = APIRouter(tags=["records"])
_ZIP: Final = "application/zip"
_IN_MEMORY: Final = 8 * 1024 * 1024
_AT_ONCE: Final = 256 * 1024
NAME: Final = "record.zip"
"""Of the file: it tells whose it is to nobody who sees a folder of downloads."""


@router.get(
    "/records/{record}/bundle",
    operation_id="exports.bundle",
    summary="exports.bundle",
    response_class=Response,
    response_model=None,
    responses={200: example(None, "PK…", "The file", _ZIP), **problems(401, 403, 404, 422, 503)},
    openapi_extra={"security": [{"bearer": []}, {"session": []}]},
)
async def bundle(call: Calling, record: InPath, purpose: AskedPurpose = None) -> Response:
    """All that the reader may see of a record, as ``record-ledger verify`` and anybody's tools check it.

    For a patient or clinician it has the signed statements, what opens them and their receipts; for a carer what is
    shared with them. Each page of it is recorded as a look, by way of export.
    """
    await call.service.caught_up()
    wanted = Wanted(record, call.session.person, call.session.acting_as, purpose_of(call, purpose))
    still = partial(check_still_signed_in, call)
    gathered = await gather(call.ledger, call.service.timeline, wanted, call.service.is_witnessed, still)
    file = await asyncio.to_thread(_packed, *gathered)
    headers = {"content-disposition": f'attachment; filename="{NAME}"'}
    return StreamingResponse(_parts(file), media_type=_ZIP, headers=headers)


def _packed(contents: Contents, evidence: Evidence | None) -> IO[bytes]:
    """The zip; a large one waits on the disk, in a file without a name."""
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed once it is sent
    pack(file, contents, evidence)
    file.seek(0)
    return file


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_AT_ONCE):
            yield part
