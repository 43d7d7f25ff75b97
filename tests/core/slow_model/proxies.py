"""Rules 6 and 7: an attorney or deputy, and a parent."""

from ledger.core.said import Said
from tests.core.slow_model.capacity import lacks_capacity
from tests.core.slow_model.carers import carer_opens, carer_sees, covers, is_refused, lets_others_see, released
from tests.core.slow_model.items import thread, topics_of
from tests.core.slow_model.kept import from_carers, from_patient
from tests.core.slow_model.look import Look, not_over
from tests.core.slow_model.people import is_below, may_act, parental, powers

THE_YOUNG_PERSONS = {"sexual-health", "reproductive", "substance-use", "mental-health"}


def attorney_opens(look: Look) -> str:
    """A power in force opens the record; the items are decided one by one."""
    return "+attorney" if powers(look) else carer_opens(look)


def attorney_sees(look: Look, item: str) -> str:
    """Rule 6: what is relevant to a decision that the patient cannot make; otherwise as a carer."""
    if not powers(look):
        return carer_sees(look, item)
    items = thread(look, item)
    kept = from_carers(look, items)
    if kept is not None:
        return f"-{kept}"
    if any(covers(look, assessment.facts["relevant"], items) for assessment in _lacking(look)):
        return "+attorney"
    return lets_others_see(look, item)


def _lacking(look: Look) -> list[Said]:
    """The assessments in force that the patient cannot decide a matter of a power that the viewer may use."""
    matters = {matter for power in powers(look) if may_act(look, power) for matter in power.facts["matters"]}
    return [found for matter in sorted(matters) if (found := lacks_capacity(look, matter)) is not None]


def parent_opens(look: Look) -> str:
    """Below 16 a parent may open the record; the items are decided one by one."""
    if parental(look) is None:
        opens = carer_opens(look)
        return "-no-relationship" if opens == "+named-carer" else opens
    return "+parent" if is_below(look, "review") else "+named-parent"


def parent_sees(look: Look, item: str) -> str:
    """Rule 7: as the patient until 11; from 11 by review, four topics never, unless the young person shares."""
    items = thread(look, item)
    if parental(look) is None and not any(released(look)):
        return "-no-relationship"
    if parental(look) is not None and is_below(look, "review"):
        kept = from_patient(look, items)
        return "+parent" if kept is None else f"-{kept}"
    kept = from_carers(look, items)
    if kept is not None:
        return f"-{kept}"
    shared = lets_others_see(look, item)
    if look.dead or shared.startswith("+") or is_refused(look, items) or not _is_reviewed(look, items):
        return shared
    return "-young-persons-own" if topics_of(look, items) & THE_YOUNG_PERSONS else "+parent-reviewed"


def _is_reviewed(look: Look, items: list[str]) -> bool:
    mine = parental(look)
    assert mine is not None
    last = look.last("parent-reviewed/1", parental=mine.facts["parental"])
    return (
        last is not None
        and last.position > mine.position
        and not_over(last.facts, look.at)
        and covers(look, last.facts["scope"], items)
    )
