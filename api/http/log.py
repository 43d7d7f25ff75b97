"""The log, for everybody: checkpoints, keys, hash tiles and proofs (C2SP tlog-checkpoint, tlog-tiles).

Hashes tell nothing about anybody, so they are public and may be kept by every cache for ever. Entries name people
by pseudonyms, so bundles of them are for auditors, and for mirrors, which sign in as auditors.
"""

from binascii import b2a_base64
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http.operations import example, problems
from api.http.problems import MALFORMED, NO_SUCH_TILE, NOT_WITNESSED, Problem, Refused
from api.http.service import Call, Calling, Service, Serving
from ledger.core.merkle import NodeHash, ProofError
from ledger.core.receipt import Receipt
from ledger.core.tiles import TileError, TileId, parse_bundle_path, parse_tile_path
from ledger.domain.errors import NotAllowed

router: Final = APIRouter(prefix="/log", tags=["log"])
_NOTE: Final = "log.example\n73895\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— log.example hI2DJw…\n"
_VKEYS: Final = "log.example+7f3a1b2c+AQ…\nlog.example+0c4d5e6f+Bg…\n"
_HASHES: Final = "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
_PROOF: Final = f"c2sp.org/tlog-proof@v1\nindex 700\n{_HASHES}\n{_NOTE}"
_TEXT: Final = "text/plain; charset=utf-8"
_OCTETS: Final = "application/octet-stream"
_FOR_EVER: Final = "max-age=31536000, immutable"


class Numbers(BaseModel):
    """A query of numbers, each in its one spelling."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Number = Annotated[str, Field(pattern="^(0|[1-9][0-9]{0,18})$")]


class Inclusion(Numbers):
    """Which entry is to be proved in which tree."""

    index: Number = Field(description="The entry's position, from 0.")
    size: Number | None = Field(
        default=None, description="Entries of the tree; that of GET /log/checkpoint if left out."
    )


class Consistency(Numbers):
    """Which tree is to be proved the beginning of which."""

    old: Number = Field(description="Entries of the older tree, at least 1.")
    new: Number | None = Field(default=None, description="Of the newer tree; that of GET /log/checkpoint if left out.")


@router.get(
    "/checkpoint",
    operation_id="log.checkpoint",
    response_class=Response,
    response_model=None,
    responses={200: example(None, _NOTE, "A signed note", "text/plain"), **problems(503)},
)
async def checkpoint(service: Serving) -> Response:
    """The newest checkpoint (C2SP tlog-checkpoint), signed with both of the log's keys.

    A log with witnesses shows the newest that their quorum has cosigned, with their lines.
    """
    return Response(await _shown_checkpoint(service), media_type=_TEXT)


@router.get(
    "/checkpoint/recorded",
    operation_id="log.checkpoint_recorded",
    response_class=Response,
    response_model=None,
    responses={200: example(None, _NOTE, "A signed note", "text/plain"), **problems(503)},
)
async def checkpoint_recorded(service: Serving) -> Response:
    """The newest checkpoint that the log alone has signed: what its witnesses are asked about next."""
    return Response(await service.ledger.receipts.latest_checkpoint(), media_type=_TEXT)


@router.get(
    "/verifier",
    operation_id="log.verifier",
    response_class=Response,
    response_model=None,
    responses={200: example(None, _VKEYS, "Two verifier keys for each pair", "text/plain")},
)
async def verifier(service: Serving) -> Response:
    """The log's verifier keys, all pairs; compare them with what you were told elsewhere.

    Two C2SP signed-note vkeys for each pair, the oldest first, a line each; then ``until <size>`` where the pair is
    retired: it is believed of checkpoints of at most that size.
    """
    return Response(str(service.ledger.keyring.log.verifier), media_type=_TEXT)


@router.get(
    "/tile/entries/{path:path}",
    operation_id="log.entries",
    response_class=Response,
    response_model=None,
    responses={
        200: example(None, "two bytes of length, then an entry, 256 times", "An entry bundle", _OCTETS),
        **problems(401, 403, 404, 422, 503),
    },
    openapi_extra={"security": [{"bearer": []}]},
)
async def entries(call: Calling, path: str) -> Response:
    """A bundle of 256 entries, or the first of an incomplete one (C2SP tlog-tiles, "Log entries"), for auditors.

    The path is a bundle's number, as in ``x001/x234/067`` or ``273.p/112``.
    """
    await _check_auditor(call)
    tile = _tile_of(parse_bundle_path, f"tile/entries/{path}")
    bundle = await call.ledger.published.bundle(tile)
    return Response(bundle, media_type=_OCTETS, headers={"cache-control": f"private, {_FOR_EVER}"})


@router.get(
    "/tile/{path:path}",
    operation_id="log.tile",
    response_class=Response,
    response_model=None,
    responses={200: example(None, "256 hashes of 32 bytes", "A tile", _OCTETS), **problems(404, 503)},
)
async def tile(service: Serving, path: str) -> Response:
    """A tile of the tree: 256 hashes, or the first of an incomplete one (C2SP tlog-tiles, "Merkle Tree").

    The path is a level and a number, as in ``0/x001/x234/067`` or ``1/001.p/17``.
    """
    hashes = await service.ledger.published.tile(_tile_of(parse_tile_path, f"tile/{path}"))
    # An incomplete tile says how wide it is, so neither does it ever change.
    return Response(hashes, media_type=_OCTETS, headers={"cache-control": f"public, {_FOR_EVER}"})


@router.get(
    "/proof/inclusion",
    operation_id="log.prove_inclusion",
    response_class=Response,
    response_model=None,
    responses={200: example(None, _PROOF, "A proof", "text/plain"), **problems(404, 422, 503)},
)
async def prove_inclusion(service: Serving, asked: Annotated[Inclusion, Query()]) -> Response:
    """That an entry is in the tree of some size (RFC 6962, section 2.1.1).

    Where a checkpoint of this size was signed, a C2SP tlog-proof with it; else the path alone, a hash a line in
    base64, from the leaf's sibling up.
    """
    size = await _size(service, asked.size)
    path = await _proved(service.ledger.published.inclusion(int(asked.index), size))
    note = await service.ledger.published.note_at(size)
    proof = _lines(path) if note is None else Receipt(int(asked.index), path, note, b"").proof()
    return Response(proof, media_type=_TEXT)


@router.get(
    "/proof/consistency",
    operation_id="log.prove_consistency",
    response_class=Response,
    response_model=None,
    responses={200: example(None, _HASHES, "A proof", "text/plain"), **problems(404, 422, 503)},
)
async def prove_consistency(service: Serving, asked: Annotated[Consistency, Query()]) -> Response:
    """That a tree begins with all entries of an older one (RFC 6962, section 2.1.2): a hash a line in base64.

    Equal sizes need no hash: the answer is empty, and the two roots must be the same.
    """
    new = await _size(service, asked.new)
    path = await _proved(service.ledger.published.consistency(int(asked.old), new))
    return Response(_lines(path), media_type=_TEXT)


async def _shown_checkpoint(service: Service) -> bytes:
    """The checkpoint that the log stands by; raises Refused while its witnesses have cosigned none."""
    if service.policy is None:
        return await service.ledger.receipts.latest_checkpoint()
    note = await service.ledger.receipts.witnessed_checkpoint(service.is_witnessed)
    if note is None:
        detail = (
            "checkpoint: got none that the quorum of witnesses has cosigned; ask again in a few seconds, or take the "
            "one that the log alone has signed from /log/checkpoint/recorded"
        )
        raise Refused(Problem(NOT_WITNESSED, detail))
    return note


async def _check_auditor(call: Call) -> None:
    """Raise NotAllowed unless the caller acts as an auditor and is one now."""
    facts = (await call.ledger.facts.person(call.session.person, fresh=True)).fold.facts
    if call.session.acting_as != "auditor" or facts.role("auditor", call.ledger.clock()) is None:
        raise NotAllowed(
            f"entries: got acting_as {call.session.acting_as}, wanted an auditor; a mirror signs in as one",
            "no-auditor",
        )


def _tile_of(parse: Callable[[str], TileId], path: str) -> TileId:
    try:
        return parse(path)
    except TileError as error:
        raise Refused(Problem(NO_SUCH_TILE, str(error))) from error


async def _size(service: Service, asked: str | None) -> int:
    if asked is not None:
        return int(asked)
    return service.ledger.receipts.open(await _shown_checkpoint(service)).size


async def _proved(path: Awaitable[tuple[NodeHash, ...]]) -> tuple[NodeHash, ...]:
    try:
        return await path
    except ProofError as error:
        raise Refused(Problem(MALFORMED, str(error))) from error


def _lines(path: Iterable[bytes]) -> bytes:
    return b"".join(map(b2a_base64, path))
