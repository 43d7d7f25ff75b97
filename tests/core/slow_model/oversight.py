"""Rule 8: an auditor within a case, and the guardian; neither reads words."""

from ledger.core.instants import parse_instant
from ledger.core.said import Said
from tests.core.slow_model.items import about, born, is_in_wrong_record, is_known
from tests.core.slow_model.kept import is_hidden_by_default, not_lifted
from tests.core.slow_model.look import Look, in_time

DUTIES = (
    "withholding-made/1",
    "erasure-asked/1",
    "emergency-opened/1",
    "emergency-opened/2",
    "access-questioned/1",
    "best-interests-made/1",
    "death-recorded/1",
)


def auditor_opens(look: Look) -> str:
    """Rule 8: a case of theirs in force, of this record or of any: its person may have looked anywhere."""
    case = _case(look)
    if case is None:
        return "-no-case"
    return "+audit" if _names_something(case) and case.facts["record"] in (None, look.record) else "-outside-case"


def auditor_sees(look: Look, item: str) -> str:
    """Rule 8: of the case's record; by its person, or of theirs; or, where it names but a period, of that.

    With a record or a person the period bounds what happened, which the trail tells, and not the items of it.
    """
    opens, case, told = auditor_opens(look), _case(look), born(look, item)
    if case is None or opens.startswith("-"):
        return opens
    record, person, period = case.facts["record"], case.facts["person"], case.facts.get("period")
    if person not in (None, look.patient, told.author):
        return "-outside-case"
    if record is not None or person is not None:
        return "+audit"
    within = parse_instant(period["since"]) <= told.recorded_at < parse_instant(period["before"])
    return "+audit" if within else "-outside-case"


def _names_something(case: Said) -> bool:
    return any(case.facts.get(name) is not None for name in ("record", "person", "period"))


def _case(look: Look) -> Said | None:
    found = None
    for one in look.said:
        if one.facts.get("case") != look.case or one.facts.get("auditor") != look.viewer:
            continue
        if one.type in ("case-assigned/1", "case-assigned/2"):
            found = one
        if one.type == "case-closed/1":
            found = None
    return found if found is not None and in_time(found.facts, look.at) else None


def guardian_opens(look: Look) -> str:
    """Rule 8: something here concerns the guardian, or has."""
    if look.told(*DUTIES) or look.told("item-marked-in-error/1", wrong_record=True):
        return "+guardian"
    told = look.told("item-added/1", "item-topics-set/1")
    hidden = any("domestic-abuse" in one.facts["topics"] and is_known(look, one.facts["item"]) for one in told)
    return "+guardian" if hidden else "-outside-duty"


def guardian_sees(look: Look, item: str) -> str:
    """Rule 8: what somebody keeps on a ground, what stands in the wrong record, whose words somebody asks to erase."""
    asked = bool(about(look, item, "erasure-asked/1"))
    kept = bool(not_lifted(look, item)) or is_hidden_by_default(look, item)
    return "+guardian" if kept or asked or is_in_wrong_record(look, item) else "-outside-duty"
