"""Rule 5, (a) to (c): what the patient's directives say of one item to one reader."""

from typing import Any

from ledger.core.hours import closing_of, hours_of
from ledger.core.instants import Instant
from ledger.core.said import Said
from tests.core.slow_model.capacity import lacks_capacity
from tests.core.slow_model.items import kind, topics_of
from tests.core.slow_model.look import Look, in_time, not_over
from tests.core.slow_model.people import is_below, is_carer, memberships, predecessors

EVERYTHING = {"kind": "everything"}


def of(scope: str, what: str) -> dict[str, str]:
    """A scope."""
    return {"kind": scope, "of": what}


def item_directive(look: Look, item: str) -> str | None:
    """(a) What the directive for the item says: share, withhold, unmet; None if there is none."""
    return directed(look, of("item", item))


def wide_directive(look: Look, items: list[str]) -> str | None:
    """(b), (c) What the directives for the topics of these, or for the kind of the first or everything, say."""
    topics = topics_of(look, items)
    if topics:
        said = [directed(look, of("topic", topic)) for topic in sorted(topics)]
        return "share" if all(one == "share" for one in said) else "topic"
    return directed(look, of("kind", kind(look, items[0]))) or directed(look, EVERYTHING)


def directed(look: Look, scope: dict[str, str]) -> str | None:
    """What the nearest grantee's directives within one scope say: share, withhold, unmet, or None."""
    for equals in _grantees(look):
        effects = [
            effect
            for grantee, bears in equals
            if (effect := _effect(look, _current(look, grantee, scope), bears)) is not None
        ]
        for effect in ("withhold", "share", "unmet"):
            if effect in effects:
                return effect
    return None


def _grantees(look: Look) -> list[list[tuple[dict[str, str], str]]]:
    """Person, then team, then all carers, each with what bears on the viewer: all, or its withholds only.

    A team that they are yet to join withholds already. A team that took over the care of another took over its seals.
    """
    teams: list[tuple[dict[str, str], str]] = []
    for one in memberships(look, look.viewer):
        if not_over(one.facts, look.at):
            name = one.facts["team"]
            teams.append(({"kind": "team", "id": name}, "all" if in_time(one.facts, look.at) else "unmet"))
            teams += [({"kind": "team", "id": before}, "seals") for before in predecessors(look, name)]
    carers = [({"kind": "all-carers"}, "all")] if look.acting_as != "clinician" and is_carer(look) else []
    return [[({"kind": "person", "id": look.viewer}, "all")], teams, carers]


def _current(look: Look, grantee: dict[str, str], scope: dict[str, str]) -> Said | None:
    """The directive in force for a grantee and scope: the last made, unless it was withdrawn, stopped or has died."""
    made = look.last("directive-made/1", grantee=grantee, scope=scope)
    if made is None or look.since(made.position, "directive-withdrawn/1", directive=made.facts["directive"]):
        return None
    if made.facts["effect"] == "share" and (look.dead or look.since(made.position, "sharing-stopped/1")):
        return None
    return made


def _effect(look: Look, made: Said | None, bears: str) -> str | None:
    if made is None:
        return None
    if made.facts["effect"] == "withhold":
        return "withhold"
    if bears == "seals":
        return None
    met = bears == "all" and in_time(made.facts, look.at) and _is_met(look, made.facts["condition"])
    if made.acting_as == "parent" and not is_below(look, "review"):  # theirs to share for a child, and no longer
        met = False
    return "share" if met else "unmet"


def _is_met(look: Look, condition: dict[str, Any] | None) -> bool:
    if condition is None:
        return True
    if condition["kind"] == "together":
        return _is_together(look)
    if condition["kind"] == "when-unwell":
        return lacks_capacity(look, "sharing") is not None
    return closing_of(hours_of(condition), Instant(look.at)) is not None


def _is_together(look: Look) -> bool:
    sessions: dict[str, Said] = {}
    for one in look.told("together-started/1", "together-ended/1", "sharing-stopped/1", "death-recorded/1"):
        if "together" not in one.facts:
            sessions = {}
            continue
        sessions.pop(one.facts["together"], None)
        if one.type == "together-started/1":
            sessions[one.facts["together"]] = one
    mine = [one for one in sessions.values() if one.facts["person"] == look.viewer]
    return any(not_over(one.facts, look.at) for one in mine)
