"""Rule 0, and who somebody is to the patient: roles, teams, care, carers, powers, parents."""

from dataclasses import dataclass
from datetime import date

from ledger.core.instants import parse_instant
from ledger.core.said import Said
from tests.core.slow_model.look import Look, in_time, not_over

ENDS_POWER = ("power-ended/1", "power-registered/1")
TAKES_TWO = ("administrator", "auditor", "guardian")
CARE_PURPOSES = ("appointment", "task", "correction")


def has_role(look: Look) -> bool:
    """Rule 0: does a fact in force say that the viewer is what they act as?"""
    if look.acting_as == "patient":
        return look.viewer == look.patient and not look.dead
    if look.viewer == look.patient:
        return False
    once = {
        "carer": ("carer-named/1", "after-death-released/1"),
        "attorney": ("power-registered/1",),
        "parent": ("parent-registered/1",),
    }
    if look.acting_as in once:  # once is enough: what they may see still, or no more, is rules 5 to 7
        return bool(look.told(*once[look.acting_as], person=look.viewer))
    return _is_granted(look, look.acting_as)


def _is_granted(look: Look, role: str) -> bool:
    """Is one of the grants since the role was last ended in time, and approved by a second administrator if need be?"""
    grants: list[Said] = []
    waiting: list[Said] = []
    for one in look.said:
        if (one.facts.get("person"), one.facts.get("role")) != (look.viewer, role):
            continue
        if one.type == "role-granted/1":
            grants.append(one)
            waiting += [one] if role in TAKES_TWO else []
        if one.type == "role-approved/1" and waiting and one.author not in (waiting[-1].author, look.viewer):
            waiting.pop()
        if one.type == "role-ended/1":
            grants, waiting = [], []
    return any(in_time(one.facts, look.at) and one not in waiting for one in grants)


def is_carer(look: Look) -> bool:
    """Is the viewer a carer whom the patient names now?"""
    last = look.last("carer-named/1", "carer-ended/1", person=look.viewer)
    return last is not None and last.type == "carer-named/1"


def is_suspended(look: Look) -> bool:
    """Has the patient suspended the viewer as a carer?"""
    last = look.last("carer-suspended/1", "carer-restored/1", person=look.viewer)
    return last is not None and last.type == "carer-suspended/1"


def memberships(look: Look, person: str) -> list[Said]:
    """The statements by which somebody is in a team, or was or will be, until they left."""
    joined: dict[str, Said] = {}
    for one in look.said:
        if one.type == "team-joined/1" and one.facts["person"] == person:
            joined[one.facts["team"]] = one
        if one.type == "team-left/1" and one.facts["person"] == person:
            joined.pop(one.facts["team"], None)
    return list(joined.values())


def teams(look: Look, person: str) -> list[str]:
    """The teams that somebody is in at that instant."""
    return [one.facts["team"] for one in memberships(look, person) if in_time(one.facts, look.at)]


@dataclass(frozen=True)
class Care:
    """A care relationship: whose it is, on which terms it began, and which teams had it before."""

    name: str
    grantee: dict[str, str]
    began: Said
    before: list[str]


def cares(look: Look) -> list[str | None]:
    """The viewer's current care relationships: the team by which each is, or None if it is theirs by name."""
    mine: list[str | None] = []
    for care in all_cares(look):
        explained = care.began.facts["ground"] != "registration" or look.purpose in CARE_PURPOSES
        if not explained or not in_time(care.began.facts, look.at):
            continue
        if care.grantee == {"kind": "person", "id": look.viewer}:
            mine.append(None)
        if care.grantee["kind"] == "team" and care.grantee["id"] in teams(look, look.viewer):
            mine.append(care.grantee["id"])
    return mine


def all_cares(look: Look, *, ended: bool = False) -> list[Care]:
    """The care relationships that nobody has ended or handed over; or, ``ended``, those as well."""
    there: dict[str, Care] = {}
    gone: list[Care] = []
    for one in look.told("care-started/1", "care-ended/1", "care-transferred/1"):
        name = one.facts["care"]
        before = there.pop(name, None)
        gone += [before] if before is not None else []
        if one.type == "care-started/1":
            there[name] = Care(name, one.facts["grantee"], one, [])
        if one.type == "care-transferred/1" and before is not None:
            team = {"kind": "team", "id": one.facts["team"]}
            there[one.facts["next"]] = Care(name, team, before.began, [*before.before, before.grantee["id"]])
    return list(there.values()) + (gone if ended else [])


def predecessors(look: Look, team: str) -> list[str]:
    """The teams whose care of this patient went over to this team, directly or in turn."""
    taken_over = [care for care in all_cares(look, ended=True) if care.grantee == {"kind": "team", "id": team}]
    return [name for care in taken_over for name in care.before]


def powers(look: Look) -> list[Said]:
    """The viewer's powers as attorney or deputy: registered, in time, not ended; death ends them all."""
    held = look.told("power-registered/1", person=look.viewer)
    return [one for one in held if not look.dead and _holds(look, one)]


def _holds(look: Look, one: Said) -> bool:
    ended = look.since(one.position, *ENDS_POWER, power=one.facts["power"], person=one.facts["person"])
    return not ended and one.facts["registered_on"] is not None and in_time(one.facts, look.at)


def may_act(look: Look, power: Said) -> bool:
    """On its terms: one holder alone, or, jointly, all whom the instrument names at the same time."""
    if power.facts["terms"] == "jointly-and-severally":
        return True
    holders = [one for one in look.told("power-registered/1", power=power.facts["power"]) if _holds(look, one)]
    acting = {one.facts["person"] for one in holders if _exercises(look, one)}
    return len(acting) >= max(1, power.facts["holders"])


def _exercises(look: Look, holder: Said) -> bool:
    said = look.told("power-exercised/1", power=holder.facts["power"])
    mine = [one for one in said if one.author == holder.facts["person"] and one.position > holder.position]
    return bool(mine) and not_over(mine[-1].facts, look.at)


def parental(look: Look) -> Said | None:
    """The viewer's parental responsibility in force: registered, in time, not ended, of a living child below 16."""
    for one in look.told("parent-registered/1", person=look.viewer):
        ended = look.since(one.position, "parent-ended/1", "parent-registered/1", parental=one.facts["parental"])
        if not ended and in_time(one.facts, look.at) and is_below(look, "ends") and not look.dead:
            return one
    return None


def is_below(look: Look, age: str) -> bool:
    """Is the patient younger than the age that the policy gives for this? Nobody is, whose birth was not stated."""
    stated = look.last("birth-stated/1")
    if stated is None:
        return False
    ages = {"review": 11, "ends": 16, "refusal": 18}
    for one in look.said:
        if one.type == "policy-set/2":
            ages = one.facts["ages"]
    born = date.fromisoformat(stated.facts["born"])
    try:
        birthday = born.replace(year=born.year + ages[age])
    except ValueError:  # born on 29 February
        birthday = date(born.year + ages[age], 3, 1)
    return look.at < parse_instant(f"{birthday.isoformat()}T00:00:00.000Z")
