"""Rule 5 once more, slowly: read from the sentences of the rule, over the bare list of what was said.

Nothing of the product's folds or policy is used here, so that both would have to be wrong in the same way.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ledger.core.instants import DAY, parse_instant
from ledger.core.said import Said
from tests.core.story import RECORD

Statements = list[Said]


def carer_may_see(said: Statements, carer: str, item: str, at: int, *, on_screen: bool = True) -> bool:
    """May a carer see an item, going through everything that was said from the beginning?"""
    added = _added(said, item)
    if added is None or not _last(said, "carer-named/1", "carer-ended/1", person=carer, default=False, ever=True):
        return False
    thread = _thread(said, item)
    if added.author == carer:
        return not (_erased(said, item) or (on_screen and _online_hidden(said, item)))
    if not _last(said, "carer-named/1", "carer-ended/1", person=carer, default=False):
        return False
    if any(_kept(said, above, at) or (on_screen and _online_hidden(said, above)) for above in thread):
        return False
    return _consented(said, carer, thread, at)


def _consented(said: Statements, carer: str, thread: list[str], at: int) -> bool:
    if _last(said, "carer-suspended/1", "carer-restored/1", person=carer, default=False) or _erased(said, thread[0]):
        return False
    item, above = thread[0], thread[1:]
    by_item = _directed(said, carer, {"kind": "item", "of": item}, at)
    if by_item is not None:
        return by_item == "share"
    topics = {topic for one in thread for topic in _topics(said, one)}
    if topics:
        here = all(_directed(said, carer, {"kind": "topic", "of": topic}, at) == "share" for topic in topics)
    else:
        kind = _added(said, item).facts["kind"]
        by_kind = _directed(said, carer, {"kind": "kind", "of": kind}, at)
        here = (by_kind or _directed(said, carer, {"kind": "everything"}, at)) == "share"
    return here and (not above or _consented(said, carer, above, at))


def _directed(said: Statements, carer: str, scope: dict[str, str], at: int) -> str | None:
    """What the nearest grantee's directives within one scope say: share, withhold, unmet, or None."""
    teams = [(name, joined) for name, joined in _teams(said, carer) if _not_over(joined, at)]
    nearest = [
        [({"kind": "person", "id": carer}, True)],
        [({"kind": "team", "id": name}, parse_instant(joined.facts["from"]) <= at) for name, joined in teams],
        [({"kind": "all-carers"}, True)],
    ]
    for equals in nearest:
        effects = [
            _effect(said, made, carer, at) if bears or made.facts["effect"] == "withhold" else "unmet"
            for grantee, bears in equals
            if (made := _current(said, grantee, scope)) is not None
        ]
        for effect in ("withhold", "share", "unmet"):
            if effect in effects:
                return effect
    return None


def _effect(said: Statements, made: Said, carer: str, at: int) -> str:
    facts = made.facts
    if facts["effect"] == "withhold":
        return "withhold"
    started = facts["from"] is None or parse_instant(facts["from"]) <= at
    over = facts["until"] is not None and parse_instant(facts["until"]) <= at
    return "share" if started and not over and _met(said, facts["condition"], carer, at) else "unmet"


def _met(said: Statements, condition: dict[str, Any] | None, carer: str, at: int) -> bool:
    if condition is None:
        return True
    if condition["kind"] == "together":
        return any(one.facts["person"] == carer and at < parse_instant(one.facts["until"]) for one in _sessions(said))
    if condition["kind"] == "when-unwell":
        return False
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    wall = moment.astimezone(ZoneInfo(condition["zone"]))
    return wall.isoweekday() in condition["days"] and condition["from"] <= f"{wall:%H:%M}" < condition["until"]


def _sessions(said: Statements) -> list[Said]:
    open_now: dict[str, Said] = {}
    for one in said:
        if one.type == "together-started/1":
            open_now[one.facts["together"]] = one
        if one.type == "together-ended/1":
            open_now.pop(one.facts["together"], None)
    return list(open_now.values())


def _current(said: Statements, grantee: dict[str, str], scope: dict[str, str]) -> Said | None:
    made = [
        one
        for one in said
        if one.type == "directive-made/1" and one.facts["grantee"] == grantee and one.facts["scope"] == scope
    ]
    if not made:
        return None
    withdrawn = any(
        one.type == "directive-withdrawn/1" and one.facts["directive"] == made[-1].facts["directive"]
        for one in said[made[-1].position :]
    )
    return None if withdrawn else made[-1]


def _teams(said: Statements, carer: str) -> list[tuple[str, Said]]:
    teams: dict[str, Said] = {}
    for one in said:
        if one.facts.get("person") == carer and one.type in ("team-joined/1", "team-left/1"):
            teams.pop(one.facts["team"], None)
            if one.type == "team-joined/1":
                teams[one.facts["team"]] = one
    return list(teams.items())


def _not_over(joined: Said, at: int) -> bool:
    return joined.facts["until"] is None or at < parse_instant(joined.facts["until"])


def _kept(said: Statements, item: str, at: int) -> bool:
    """Working note, flag, wrong record, withheld from carers or from the patient, confidence, a held result."""
    added = _added(said, item)
    if added.facts["kind"] in ("working-note", "flag"):
        return True
    if any(one.type == "item-marked-in-error/1" and one.facts["wrong_record"] for one in _about(said, item)):
        return True
    if any(one.facts["from"] in ("patient", "carers") and _opinion_holds(one, at) for one in _withheld(said, item)):
        return True
    if added.facts["in_confidence"] and at < added.recorded_at + 14 * DAY:
        return True
    return _waits(said, added, at)


def _erased(said: Statements, item: str) -> bool:
    return any(one.type == "content-erased/1" for one in _about(said, item))


def _opinion_holds(made: Said, at: int) -> bool:
    # Every opinion in these stories is of 4 May 2026: six months and 28 days later is 2 December.
    return made.facts["ground"] != "serious-harm" or at < parse_instant("2026-12-02T00:00:00.000Z")


def _withheld(said: Statements, item: str) -> list[Said]:
    made: list[Said] = []
    for one in _about(said, item):
        if one.type == "withholding-made/1":
            made.append(one)
        if one.type == "withholding-lifted/1":
            made = [other for other in made if other.facts["withholding"] != one.facts["withholding"]]
    return made


def _online_hidden(said: Statements, item: str) -> bool:
    hidden, topics = False, []
    for one in _about(said, item):
        if "topics" in one.facts:
            abuse = "domestic-abuse" in one.facts["topics"]
            hidden = abuse and (hidden or "domestic-abuse" not in topics)
            topics = one.facts["topics"]
        if one.type == "withholding-lifted/1" and one.facts["withholding"] == item:
            hidden = False
    return hidden or any(one.facts["from"] == "screen" for one in _withheld(said, item))


def _waits(said: Statements, added: Said, at: int) -> bool:
    held, released = False, False
    for one in _about(said, added.facts["item"]):
        if one.type == "result-held/1":
            ends = min(parse_instant(one.facts["until"]), added.recorded_at + 14 * DAY)
            held = at < ends
        if one.type == "result-released/1":
            held, released = False, True
    wishes = [one for one in said if one.type == "results-wish-stated/1"]
    before = [one for one in wishes if one.position < added.position]
    after = [one for one in wishes if one.position > added.position]
    asked = bool(before) and before[-1].facts["wish"] == "tell-me-first"
    changed = any(one.facts["wish"] == "at-once" for one in after)
    return held or (added.facts["kind"] == "result" and asked and not changed and not released)


def _about(said: Statements, item: str) -> list[Said]:
    added = _added(said, item)
    about = [one for one in said if one.facts.get("item") == item and one.facts.get("record") == RECORD]
    return [one for one in about if added is not None and one.position >= added.position]


def _added(said: Statements, item: str) -> Said | None:
    return next((one for one in said if one.type == "item-added/1" and one.facts["item"] == item), None)


def _topics(said: Statements, item: str) -> list[str]:
    return [one.facts["topics"] for one in _about(said, item) if "topics" in one.facts][-1]


def _thread(said: Statements, item: str | None) -> list[str]:
    thread = []
    while item is not None:
        thread.append(item)
        item = _added(said, item).facts["parent"]
    return thread


def _last(said: Statements, begins: str, ends: str, *, person: str, default: bool, ever: bool = False) -> bool:
    """The last of these two that was said of a person decides; or, ``ever``, whether the first was said at all."""
    state = default
    for one in said:
        if one.type in (begins, ends) and one.facts["person"] == person and one.facts["record"] == RECORD:
            state = one.type == begins or ever
    return state
