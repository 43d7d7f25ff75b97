"""The log, for everybody: its latest checkpoint, and the keys that check it."""

from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from api.http.operations import example, problems
from api.http.service import Serving

router: Final = APIRouter(prefix="/log", tags=["log"])
_NOTE: Final = "log.example\n73895\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— log.example hI2DJw…\n"
_VKEYS: Final = "log.example+7f3a1b2c+AQ…\nlog.example+0c4d5e6f+Bg…\n"


@router.get(
    "/checkpoint",
    operation_id="log.checkpoint",
    response_class=Response,
    response_model=None,
    responses={200: example(None, _NOTE, "A signed note", "text/plain"), **problems(503)},
)
async def checkpoint(service: Serving) -> Response:
    """The latest checkpoint (C2SP tlog-checkpoint), signed with both of the log's keys."""
    return Response(await service.ledger.receipts.latest_checkpoint(), media_type="text/plain; charset=utf-8")


@router.get(
    "/verifier",
    operation_id="log.verifier",
    response_class=Response,
    response_model=None,
    responses={200: example(None, _VKEYS, "Two verifier keys", "text/plain")},
)
async def verifier(service: Serving) -> Response:
    """The log's verifier keys (C2SP signed-note vkeys), one a line; compare them with what you were told elsewhere."""
    return Response(str(service.ledger.keyring.log.verifier), media_type="text/plain; charset=utf-8")
