"""How the log stands, for those who look after it: how large it is, how it grew, who has witnessed it, and whether
somebody has verified the whole of it lately. It tells of no record, and opens nothing.
"""

import logging
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.operations import shows
from api.http.problems import MALFORMED, Problem, Refused
from api.http.service import Call, Calling, Service
from api.last_verification import LastVerificationFile, NotReadable
from ledger.core.checkpoint import CheckpointError, open_note
from ledger.core.entry import read_entry
from ledger.core.hours import zone_named
from ledger.core.instants import SECOND, Instant, format_instant, instant_of
from ledger.core.trust_policy import Witness
from ledger.domain.errors import NotAllowed

router: Final = APIRouter(prefix="/log", tags=["log"])
READERS: Final = ("auditor", "guardian", "administrator")
MOST_DAYS: Final = 84
"""Twelve weeks."""
_NOTES: Final = 20
"""Witnessed checkpoints that are looked through for the line of a witness that the newest does not have."""
_log: Final = logging.getLogger("record_ledger.integrity")

_AT: Final = "2026-05-03T09:00:00.000Z"
_EXAMPLE: Final = {
    "origin": "log.example",
    "size": 73895,
    "checkpoint": {"size": 73895, "recorded_at": _AT},
    "witnesses": [{"name": "regulator", "size": 73890, "at": "2026-05-03T09:00:01.000Z"}],
    "quorum": {"wanted": "most", "size": 73890},
    "verification": {"at": _AT, "size": 73801, "since": 0, "ok": True, "contents": True, "program": "1.0.0"},
    "zone": "Europe/London",
    "days": [{"day": "2026-05-03", "entries": 412}],
}


class AskedIntegrity(BaseModel):
    """The query: the growth of how many days, of which place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(default=MOST_DAYS, ge=1, le=MOST_DAYS, description="Days up to today.")
    zone: str = Field(default="Europe/London", max_length=64, description="IANA's name of a time zone.")


@shows(router, "/integrity", "log.integrity", _EXAMPLE)
async def integrity(call: Calling, asked: Annotated[AskedIntegrity, Query()]) -> Response:
    """How the log stands, for auditors, guardians and administrators.

    The newest checkpoint that the log has signed, with when its last entry was recorded; each witness of the policy
    with the largest checkpoint that it is known to have cosigned (null: none); the last verification of the whole
    ledger that was run here (null: none is known); and how many entries each of the last days has, oldest first.
    """
    await _check_reads(call)
    zone = zone_named(asked.zone)
    if zone is None:
        wanted = "the name of a time zone such as Europe/London"
        raise Refused(Problem(MALFORMED, f"zone: got {asked.zone[:40]!r}, wanted {wanted}"))
    today = datetime.fromisoformat(format_instant(call.ledger.clock()).replace("Z", "+00:00")).astimezone(zone).date()
    days = [today - timedelta(days=n) for n in range(asked.days - 1, -1, -1)]
    midnights = [instant_of(datetime.combine(day, time(), zone)) for day in [*days, today + timedelta(days=1)]]
    return json_answer(
        {
            "origin": call.ledger.keyring.origin,
            "size": await call.ledger.rows.size(),
            "checkpoint": await _checkpoint(call),
            **await _witnesses(call.service),
            "verification": _verification(call.service),
            "zone": asked.zone,
            "days": await _growth(call, days, midnights),
        }
    )


async def _check_reads(call: Call) -> None:
    acting_as, wanted = call.session.acting_as, ", ".join(READERS)
    facts = (await call.ledger.facts.person(call.session.person, fresh=True)).fold.facts
    if acting_as not in READERS or facts.role(acting_as, call.ledger.clock()) is None:
        raise NotAllowed(f"integrity: got acting_as {acting_as}, wanted one of {wanted}, in force now", "no-role")


async def _checkpoint(call: Call) -> dict[str, Any]:
    """The newest that the log has signed. Of a log that continues another, none may be there yet: NotRecorded."""
    size = call.ledger.receipts.open(await call.ledger.receipts.latest_checkpoint()).size
    last = await call.ledger.rows.read_log(size - 1, 1)
    return {"size": size, "recorded_at": format_instant(read_entry(last[0].state).recorded_at) if last else None}


async def _witnesses(service: Service) -> dict[str, Any]:
    """Each witness of the policy, and up to where enough of them have cosigned."""
    if service.policy is None:
        return {"witnesses": [], "quorum": None}
    rows = await service.ledger.rows.select("select note from ledger.cosigned order by size desc limit %s", [_NOTES])
    notes = [bytes(note) for (note,) in rows]
    latest = await service.ledger.receipts.witnessed_checkpoint(service.is_witnessed)
    size = None if latest is None else open_note(latest)[1].size
    found = _cosigned(service, notes)
    told = [_witness(one, found.get(one.name)) for one in service.policy.witnesses]
    return {"witnesses": told, "quorum": {"wanted": service.policy.quorum, "size": size}}


def _cosigned(service: Service, notes: Sequence[bytes]) -> dict[str, tuple[int, int]]:
    """The largest checkpoint of each witness among these, newest first, and when it cosigned it, in seconds."""
    found: dict[str, tuple[int, int]] = {}
    if service.policy is None:
        return found
    for note in notes:
        try:
            size, by = open_note(note)[1].size, service.policy.witnessed_by(note)
        except CheckpointError:  # a row that somebody altered witnesses nothing
            continue
        found = {name: (size, at) for name, at in by.items()} | found
        if len(found) == len(service.policy.witnesses):
            break
    return found


def _witness(one: Witness, cosigned: tuple[int, int] | None) -> dict[str, Any]:
    size, at = (None, None) if cosigned is None else cosigned
    return {"name": one.name, "size": size, "at": None if at is None else format_instant(Instant(at * SECOND))}


def _verification(service: Service) -> dict[str, Any] | None:
    try:
        last = LastVerificationFile.of(service.doors.settings.home).read()
    except NotReadable as error:
        _log.warning("%s", error)
        return None
    return None if last is None else last.as_json()


async def _growth(call: Call, days: Sequence[date], midnights: Sequence[Instant]) -> list[dict[str, Any]]:
    """Entries of each day: times never go back along the log, so each midnight is a place in it."""
    places = [await call.ledger.back.position_at(Instant(midnight - 1)) for midnight in midnights]
    between = zip(days, places, places[1:], strict=False)
    return [{"day": str(day), "entries": after - before} for day, before, after in between]
