"""The decisions that the tests of the disclosure rule hold to: each story told again, its answers written down."""

from typing import Any

from ledger.core import authority
from ledger.core.authority_items import CLINICIANS_KINDS, PATIENTS_KINDS
from ledger.core.decisions import Decision, Permit
from ledger.core.terms import KINDS
from tests.core.authority import table as authority_table
from tests.core.disclosure import table as disclosure_table
from tests.core.story import (
    ADA,
    AMINA,
    BERT,
    DORA,
    GRETA,
    JOY,
    LIND,
    MOSS,
    NADIA,
    OKAFOR,
    PAUL,
    RUTH,
    SAM,
    Story,
    practice,
)
from tests.docs.regions import table

PEOPLE = {
    AMINA: "Amina",
    SAM: "Sam",
    JOY: "Joy",
    OKAFOR: "Dr Okafor",
    LIND: "Dr Lind",
    MOSS: "Dr Moss",
    RUTH: "Ruth",
    GRETA: "Greta",
    ADA: "Ada",
    BERT: "Bert",
    PAUL: "Paul",
    DORA: "Dora",
    NADIA: "Nadia",
}


class _Remembering(Story):
    """A story that remembers what was asked in it and what the answers were."""

    def __init__(self, begun: Story) -> None:
        super().__init__()
        self.said, self.now = list(begun.said), begun.now
        self._names: dict[str, str] = {}
        self.answers: dict[str, list[str]] = {}

    def item(self, name: str, *args: Any, **facts: Any) -> str:
        item = super().item(name, *args, **facts)
        self._names[item] = name
        return item

    def decide(self, viewer: str, acting_as: str, item: str | None = None, **request: Any) -> Decision:
        decision = super().decide(viewer, acting_as, item, **request)
        what = "the record" if item is None else f"*{self._names.get(item) or self._matter(item)}*"
        answer = f"{what}: {'shown' if isinstance(decision, Permit) else 'kept back'} by `{decision.rule}`"
        answers = self.answers.setdefault(f"{PEOPLE[viewer]} as {acting_as}", [])
        if answer not in answers:
            answers.append(answer)
        return decision

    def _matter(self, named: str) -> str:
        """What is said about the record under this id: an emergency, an assessment, …"""
        matter = self.facts(AMINA).record.matters.get(named)
        return "no such item" if matter is None else f"the {matter.kind}"


def decisions() -> str:
    """Every row of the test table with its answers, reader by reader, each answer once, in the order of the story."""
    rows = []
    for told in disclosure_table.ROWS:
        story = _Remembering(practice())
        told.check(story)
        answers = [f"{who}: {'; '.join(answers)}" for who, answers in story.answers.items()]
        rows.append([told.name, "<br>".join(answers)])
    return table(["the rule says", "so in this story"], [row for row in rows if row[1]])


def speakers() -> str:
    """Who may say each statement type, in the words of the function that decides it."""
    rows = []
    for statement_type, speaker in authority.SPEAKERS.items():
        who = (speaker.__doc__ or "").strip().partition("\n")[0]
        fresh = "yes" if statement_type in authority._ALWAYS_WIDENS else _SOMETIMES.get(statement_type, "no")
        rows.append([f"`{statement_type}`", who, fresh])
    return table(["statement type", "who may say it", "within five minutes"], rows)


def kinds_by_speaker() -> str:
    """Which kinds of item each may add."""
    kinds = {
        "a clinician in care": CLINICIANS_KINDS,
        "the patient": PATIENTS_KINDS,
        "a named carer": {"contribution"},
        "whoever may see what they answer": {"comment"},
    }
    rows = [[who, ", ".join(f"`{kind}`" for kind in KINDS if kind in theirs)] for who, theirs in kinds.items()]
    return table(["who", "kinds of item"], rows)


def sentences() -> str:
    """The sentences that the test table of authority holds."""
    return "\n".join(f"- {told.sentence}" for told in authority_table.ROWS)


_SOMETIMES = {
    "directive-made/1": "a share",
    "directive-withdrawn/1": "the withdrawal of a withhold",
    "item-topics-set/1": "when the topics change",
    "results-wish-stated/1": "`at-once`",
    "after-death-wish-stated/1": "`ask-guardian`",
    "emergency-reviewed/1": "`justified`",
}
"""What widens access only in some cases; ``authority.widens`` decides, and a test holds these to it."""
