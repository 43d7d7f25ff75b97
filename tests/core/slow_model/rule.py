"""The disclosure rule once more, slowly: read from its sentences, over the bare list of what was said.

Nothing of the product's folds or rules is used here, so that both would have to be wrong in the same way. It is meant
to be read beside the rule's text (``docs/reference/policy.md``), not to be fast: every question goes through the list
from the beginning. Here the rule's first lines and its last; the readers' own lines are in the files beside this one.
"""

from collections.abc import Callable, Mapping
from typing import Final

from tests.core.slow_model.carers import carer_opens, carer_sees
from tests.core.slow_model.clinicians import clinician_opens, clinician_sees
from tests.core.slow_model.items import born, is_erased, is_in_wrong_record, is_known, thread
from tests.core.slow_model.kept import from_patient, is_online_hidden
from tests.core.slow_model.look import Look
from tests.core.slow_model.oversight import auditor_opens, auditor_sees, guardian_opens, guardian_sees
from tests.core.slow_model.people import has_role, is_below, parental
from tests.core.slow_model.proxies import attorney_opens, attorney_sees, parent_opens, parent_sees

OVERSIGHT = ("auditor", "guardian")
CARERS = ("carer", "attorney")


def may_see(look: Look, item: str | None) -> str:
    """May the viewer see this item, or (None) open the record?"""
    if look.acting_as not in SEES:
        return "-no-rule"
    if not has_role(look):
        return "-no-role"
    if look.via == "trail" and not _reads_trail(look):
        return "-no-trail"
    if item is None:
        return _opens(look)
    if not is_known(look, item):
        return "-unknown-item"
    return _of_erased(look, item, _sees(look, item))


def _reads_trail(look: Look) -> bool:
    """Carers never see the trail; a parent does while they are as the patient."""
    if look.acting_as == "parent":
        return parental(look) is not None and is_below(look, "review")
    return look.acting_as not in CARERS


def _opens(look: Look) -> str:
    opens = OPENS[look.acting_as](look)
    own = look.acting_as not in OVERSIGHT and wrote_something(look)
    return "+own-words" if opens.startswith("-") and own else opens


def _sees(look: Look, item: str) -> str:
    if look.acting_as not in OVERSIGHT and born(look, item).author == look.viewer:
        return "+own-words" if may_read_own(look, item) else "-online-hidden"
    if _is_in_wrong_record(look, item) and look.acting_as != "guardian":
        return "-wrong-record"
    return SEES[look.acting_as](look, item)


def may_read_own(look: Look, item: str) -> bool:
    """Rule 1: what the viewer wrote; not on a screen it is hidden from, nor in a preview what the patient may not."""
    if born(look, item).author != look.viewer:
        return False
    if look.via == "preview":
        return _patient_sees(look, item) == "+own-record"
    return look.acting_as == "clinician" or not (look.on_screen and is_online_hidden(look, item))


def _is_in_wrong_record(look: Look, item: str) -> bool:
    """Rule 2, for the item and for all that it answers."""
    return any(is_in_wrong_record(look, one) for one in thread(look, item))


def _of_erased(look: Look, item: str, decision: str) -> str:
    if decision.startswith("-") or look.acting_as in OVERSIGHT or not is_erased(look, item):
        return decision
    return "-erased" if look.acting_as in CARERS else "+erased"


def _patient_sees(look: Look, item: str) -> str:
    if _is_in_wrong_record(look, item):
        return "-wrong-record"
    kept = from_patient(look, thread(look, item))
    return "+own-record" if kept is None else f"-{kept}"


def _patient_opens(_look: Look) -> str:
    return "+own-record"


def wrote_something(look: Look) -> bool:
    """Is there something by the viewer that they may read, words and all?"""
    mine = [one.facts["item"] for one in look.told("item-added/1") if one.author == look.viewer]
    return any(is_known(look, item) and may_read_own(look, item) and not is_erased(look, item) for item in mine)


OPENS: Final[Mapping[str, Callable[[Look], str]]] = {
    "patient": _patient_opens,
    "clinician": clinician_opens,
    "carer": carer_opens,
    "attorney": attorney_opens,
    "parent": parent_opens,
    "auditor": auditor_opens,
    "guardian": guardian_opens,
}
SEES: Final[Mapping[str, Callable[[Look, str], str]]] = {
    "patient": _patient_sees,
    "clinician": clinician_sees,
    "carer": carer_sees,
    "attorney": attorney_sees,
    "parent": parent_sees,
    "auditor": auditor_sees,
    "guardian": guardian_sees,
}
