"""Five scenes: a note, an answer to it, a consent, its withdrawal, an emergency."""

from typing import Any, Final

from rich import box
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from api.demo.looking import looks_at
from api.demo.stage import Stage
from ledger.core.instants import HOUR, Instant, format_instant
from ledger.domain.errors import NotAllowed
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from projections.views.carer import CarerView
from projections.views.fields import as_json

NOTE: Final = "Low mood for three weeks, sleeping badly. Inappropriate laughter when asked about her work."
PASSAGE: Final = "Inappropriate laughter"
PLAN: Final = "A walk together every day. Ring the surgery if she stops eating."
ANSWER: Final = "What I thought was a joke was recorded as inappropriate laughter."
AMENDMENT: Final = "Laughed at a joke of her own. Her laughter was fitting."
REASON: Final = "Brought in unconscious after a fall; nobody with her who knows her allergies."

_OF_ONE_ANSWER: Final = frozenset({"disclosure", "opened_at"})
"""Members of a view that differ from one answer to the next, whatever is shown."""


async def a_note_in_three_columns(stage: Stage) -> str:
    """Dr Okafor writes; everybody looks. Gives the note's id."""
    stage.begin(1, "One record, three readers")
    stage.tell(
        """Dr Okafor adds three things to Amina's record: a note, an allergy, and a plan for whoever cares for her at
        home. Amina reads everything. Sam, her son, is named as her carer; that alone shows him nothing."""
    )
    cast, items = stage.cast, stage.ledger.items
    await items.add(cast.okafor, cast.record, Draft("plan-for-carers", PLAN))
    await items.add(cast.okafor, cast.record, Draft("allergy", "Penicillin: swelling of the face."))
    note = await items.add(cast.okafor, cast.record, Draft("note", NOTE, topics=["mental-health"]))
    await stage.show_three()
    return str(note.facts["item"])


async def an_answer_and_an_amendment(stage: Stage, note: str) -> None:
    """Amina comments on a passage, Dr Okafor amends; both stand."""
    stage.begin(2, "The patient answers, the doctor amends, and both stand")
    stage.tell(
        f"""Amina marks the passage “{PASSAGE}” and answers it. Dr Okafor amends the note. Nothing is overwritten: the
        first words, her answer and the amendment stand together, each signed and in its place on the log."""
    )
    cast, items = stage.cast, stage.ledger.items
    await items.comment(cast.amina, cast.record, note, ANSWER, quote=PASSAGE)
    await items.amend(cast.okafor, cast.record, note, AMENDMENT, reason="Amina explained it.")
    await stage.show_three()


async def the_plan_and_not_the_details(stage: Stage) -> str:
    """Amina shares one kind of item with Sam. Gives the directive's id."""
    stage.begin(3, "“The plan, not the details”")
    stage.tell("Amina shares with Sam what is written for carers, and nothing else.")
    directing = Directing({"kind": "person", "id": stage.cast.sam.person}, {"kind": "kind", "of": "plan-for-carers"})
    made = await stage.ledger.sharing.direct(stage.cast.amina, stage.cast.record, directing)
    shared = await stage.show_three()
    stage.tell(
        """Sam sees the plan as if there were nothing else: no gap, no count, no hint. This is all that he is sent,
        member by member:"""
    )
    stage.console.print(Panel(_outline(as_json(shared)), title="Sam's answer", title_align="left"))
    return str(made.facts["directive"])


async def a_withdrawal(stage: Stage, directive: str, before: CarerView) -> None:
    """Amina withdraws; Sam's next look is what it was before she ever shared anything."""
    stage.begin(4, "She withdraws")
    stage.tell("Amina withdraws it. It counts from its place on the log on: the very next look finds nothing.")
    await stage.ledger.sharing.withdraw(stage.cast.amina, stage.cast.record, directive)
    after = await stage.show_three()
    same = _without_instant(before) == _without_instant(after)
    stage.tell(
        "Member by member, Sam's answer is the one that he got before she ever shared anything."
        if same
        else "[bold red]Sam's answer differs from the one before: that is a fault.[/]"
    )


async def a_broken_glass(stage: Stage) -> None:
    """A locum without a care relationship opens the record as an emergency; Amina sees who, when and why."""
    stage.begin(5, "A stranger breaks the glass")
    cast = stage.cast
    try:
        await stage.open(cast.moss)
    except NotAllowed as refusal:
        stage.tell("Dr Moss, a locum, has no care relationship with Amina, and asks for her record. He is told:")
        stage.console.print(Panel(escape(str(refusal)), title="refused", title_align="left"))
    until = Instant(stage.ledger.clock() + 2 * HOUR)
    await stage.ledger.sharing.open_emergency(cast.moss, cast.record, "cannot-be-asked", REASON, until)
    stage.tell(
        "So he opens it as an emergency, for two hours, and has to say why. What saves a life is there at once; the "
        "rest he would have to open item by item."
    )
    view = await stage.clinician(cast.moss, purpose="emergency")
    stage.show("Dr Moss, in the emergency", view.items)
    await _show_trail(stage)


async def _show_trail(stage: Stage) -> None:
    stage.tell("Amina looks at who has looked. (That look is on the trail as well.)")
    table = Table("When", "Who", "Acting as", "Shown", "Why it was allowed, or that it was not", box=box.SIMPLE_HEAD)
    for look in await looks_at(stage, limit=5):
        row = [format_instant(look.at)[11:19], look.who, look.acting_as, _count(look.items), look.why]
        table.add_row(*map(escape, row))
    stage.console.print(table)


def _count(items: int) -> str:
    return "1 item" if items == 1 else f"{items} items"


def _outline(members: dict[str, Any], indent: str = "") -> str:
    """The members of an answer, one a line; the empty ones together in the last."""
    lines, empty = [], []
    for name, value in members.items():
        if value is None or value == []:
            empty.append(name)
        elif isinstance(value, dict):
            lines += [f"{indent}{name}", _outline(value, indent + "  ")]
        elif isinstance(value, list):
            lines += [f"{indent}{name}", *(_outline(one, indent + "  ") for one in value)]
        else:
            lines.append(f"{indent}{name}  [dim]{escape(str(value))}[/]")
    return "\n".join([*lines, f"{indent}[dim]empty: {', '.join(empty)}[/]"] if empty else lines)


def _without_instant(view: CarerView) -> dict[str, Any]:
    return {name: value for name, value in as_json(view).items() if name not in _OF_ONE_ANSWER}
