"""Matters on pages: what is said about a record as a whole, as the API tells it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

from api.http import matters
from api.http.problems import UNKNOWN, Problem, Refused
from api.http.service import Call
from ledger.core.instants import format_instant

Matter = Mapping[str, Any]


def told(answer: Response) -> dict[str, Any]:
    """What an operation has answered."""
    value: dict[str, Any] = orjson.loads(answer.body)
    return value


async def matters_of(call: Call, record: str, purpose: str | None, *kinds: str) -> dict[str, Any]:
    """The matters of these kinds, with whose record it is. Raises as the operation does."""
    return told(await matters.read_matters(call, record, matters.Matters(kind=list(kinds), purpose=purpose)))


def begun_by(view: Mapping[str, Any], statement_type: str) -> Iterator[tuple[Matter, Matter]]:
    """Each matter that began with a statement of this type (of any version), and that statement."""
    for matter in view["matters"]:
        for said in matter["said"][:1]:
            if said["type"].partition("/")[0] == statement_type:
                yield matter, said


def begun_as(view: Mapping[str, Any], statement_type: str, named: str) -> tuple[Matter, Matter]:
    """The matter of this id, and the statement of this type that it began with; raises Refused for one not there."""
    for matter, said in begun_by(view, statement_type):
        if matter["id"] == named:
            return matter, said
    raise Refused(Problem(UNKNOWN, f"matter {named}: got one that is not there for you; look at the list again"))


def said_last(matter: Matter, statement_type: str) -> Matter | None:
    """The last statement of this type about a matter, if there is one."""
    found = [said for said in matter["said"] if said["type"] == statement_type]
    return found[-1] if found else None


def assessments(call: Call, view: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Assessments of capacity, newest first; ``stands``: in force, not withdrawn, and none of its matter is newer."""
    now = format_instant(call.ledger.clock())
    newest: set[str] = set()
    found = []
    for matter, said in reversed(list(begun_by(view, "capacity-assessed"))):
        facts, withdrawn = said["facts"], said_last(matter, "capacity-withdrawn/1")
        stands = withdrawn is None and facts["matter"] not in newest and facts["until"] > now
        newest.add(facts["matter"])
        found.append({**facts, "id": matter["id"], "said": said, "withdrawn": withdrawn, "stands": stands})
    return found
