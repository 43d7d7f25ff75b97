"""The disclosure rule: who sees which item, and why (``docs/reference/policy.md``).

One pure function, ``decide(facts, request) -> Permit | Deny``. The facts are those before a position of the
ledger, the instant is part of the request; there is no I/O, no clock and no randomness, so every decision that was
ever recorded can be derived again. Deny is the default: what no rule permits is refused.

``judge_of`` does what does not depend on the item once, so that a page of items costs little more than one.

Rules 0 to 2 and 9 are the same for every reader and stand here; rule 3 is in ``readers``, rule 4 in ``clinicians``,
rule 5 in ``carers``, rules 6 and 7 in ``proxies``, rule 8 in ``oversight``. Policy 1 is never changed: what differs
gets policy 2 beside it.
"""

from collections.abc import Callable, Mapping
from typing import Final

from ledger.core.carers import CarerRule
from ledger.core.clinicians import ClinicianRule
from ledger.core.decisions import UNKNOWN_ITEM, VIAS, Decision, Deny, Facts, Request
from ledger.core.facts import RecordFacts
from ledger.core.oversight import AuditorRule, GuardianRule
from ledger.core.people import Standing
from ledger.core.proxies import AttorneyRule, ParentRule
from ledger.core.readers import PatientRule, ReaderRule
from ledger.core.secrecy import in_wrong_record
from ledger.core.standing import role_in_force

POLICY_VERSION: Final = 1

RULE_OF_READER: Final[Mapping[str, int]] = {
    "patient": 3,
    "clinician": 4,
    "carer": 5,
    "attorney": 6,
    "parent": 7,
    "auditor": 8,
    "guardian": 8,
}
"""Which rule decides for whom; for everybody else it is rule 9."""


def _oversight(facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> ReaderRule:
    rule = AuditorRule if request.acting_as == "auditor" else GuardianRule
    return rule(facts, record, request, standing)


RULES: Final[Mapping[int, Callable[[Facts, RecordFacts, Request, Standing], ReaderRule]]] = {
    3: PatientRule,
    4: ClinicianRule,
    5: CarerRule,
    6: AttorneyRule,
    7: ParentRule,
    8: _oversight,
    9: ReaderRule,
}
"""The rule of each number. ReaderRule itself denies ``no-rule``."""


NEVER_READ_WORDS: Final = frozenset({"auditor", "guardian"})
"""Rule 8: they oversee by kind, author, times and rules; no disclosure to them opens words of an item."""


class Judge:
    """Decides one request, item after item. ``whole`` says whether the record may be opened at all."""

    __slots__ = ("whole",)

    def __init__(self, whole: Decision) -> None:
        self.whole = whole

    def __call__(self, item_id: str) -> Decision:
        """Decide one item or matter by its id; an id that is not in the record is ``unknown-item``."""
        raise NotImplementedError


class _Refusal(Judge):
    """Refuses the whole request, and so every item."""

    __slots__ = ()

    def __call__(self, item_id: str) -> Decision:
        return self.whole


class _Reading(Judge):
    """Rules 1 and 2 around the rule of one reader."""

    __slots__ = ("_items", "_matters", "_reads_words", "_rule", "_viewer")

    def __init__(self, rule: ReaderRule) -> None:
        super().__init__(rule.whole())
        self._rule, self._items, self._viewer = rule, rule.record.items, rule.request.viewer
        self._reads_words, self._matters = rule.reads_words, rule.record.matters

    def __call__(self, item_id: str) -> Decision:
        item = self._items.get(item_id)
        if item is None:
            matter = self._matters.get(item_id)
            return UNKNOWN_ITEM if matter is None else self._rule.matter(matter)
        if item.author == self._viewer and self._reads_words:
            return self._rule.own(item)
        if item.wrong_record is not None or item.parent is not None:
            wrong = in_wrong_record(item)
            if wrong is not None and self._rule.request.acting_as != "guardian":
                return wrong
        decision = self._rule.item(item)
        return decision if item.erased is None else self._rule.unless_erased(item, decision)


def judge_of(facts: Facts, request: Request) -> Judge:
    """The judge of all items of one request; ``request.item`` is not looked at."""
    record = facts.record
    if record is None or request.via not in VIAS or facts.viewer.person != request.viewer:
        return _Refusal(Deny("no-rule"))
    standing = role_in_force(facts, request.acting_as, request.at)
    if standing is None:
        return _Refusal(Deny("no-role"))
    rule = RULES[RULE_OF_READER.get(request.acting_as, 9)](facts, record, request, standing)
    return _Refusal(Deny("no-trail")) if request.via == "trail" and not rule.reads_trail else _Reading(rule)


def decide(facts: Facts, request: Request) -> Decision:
    """Permit or Deny this request: of one item, or (``item`` is None) of opening the record at all."""
    judge = judge_of(facts, request)
    return judge.whole if request.item is None else judge(request.item)


POLICIES: Final[Mapping[int, Callable[[Facts, Request], Decision]]] = {POLICY_VERSION: decide}
"""Every version of the policy that a disclosure can name, callable for ever."""
