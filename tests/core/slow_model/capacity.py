"""Capacity is decision-specific: presumed, unless an assessment in force of this matter says otherwise."""

from ledger.core.said import Said
from tests.core.slow_model.look import Look, in_time


def lacks_capacity(look: Look, matter: str) -> Said | None:
    """The assessment by which the patient cannot decide this matter at that instant, or None: the last one counts."""
    last = look.last("capacity-assessed/1", matter=matter)
    if last is None or look.dead or last.facts["outcome"] == "has" or not in_time(last.facts, look.at):
        return None
    taken_back = look.since(last.position, "capacity-withdrawn/1", assessment=last.facts["assessment"])
    return None if taken_back else last


def names_widely(parts: list[dict[str, str]], kind: str, topics: set[str]) -> bool:
    """Do these parts name every topic, or, where there is none, the kind or everything?"""
    if topics:
        return all({"kind": "topic", "of": topic} in parts for topic in topics)
    return {"kind": "kind", "of": kind} in parts or {"kind": "everything"} in parts
