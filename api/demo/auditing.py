"""The auditor's scene: what the carer could see then, what he was shown, and both derived again."""

from collections.abc import Iterable

from rich import box
from rich.table import Table

from api.demo.cast import SAM
from api.demo.stage import Stage
from ledger.core.instants import format_instant
from ledger.core.said import Said
from ledger.ledger import Ledger
from ledger.replay import NotAsDerived, Past, check_disclosure, read_past, request_of, shown_in
from ledger.saying import By
from ledger.store.mapper import SealingMapper


async def an_audit(stage: Stage) -> None:
    """Ruth gets a case, opens it, and derives every decision about Sam again."""
    stage.begin(6, "An auditor asks: what could Sam see then, and what did he see?")
    case = await _assign_case(stage)
    await stage.open(stage.cast.ruth, case=case)
    looks = await _looks_of(stage, stage.cast.sam)
    told = await read_past(
        stage.ledger.rows, SealingMapper(stage.ledger.keyring), stage.cast.record, stage.cast.sam.person
    )
    stage.tell(
        """Ruth has a case, given by one administrator; her role took two. She reads structure and reasons, never words.
        For each of Sam's looks she folds the facts before its place on the log and decides it anew:"""
    )
    table = Table(
        "Place on the log", "When", "Sam could see", "Sam was shown", "Derived again", box=box.SIMPLE_HEAD
    )  # fmt: skip
    for look in looks:
        table.add_row(*_row(stage, look, told))
    stage.console.print(table)
    await _check_everything(stage)


async def _assign_case(stage: Stage) -> str:
    cast = stage.cast
    reason = f"A complaint about what {SAM} was shown."
    made = await stage.ledger.cases.assign(cast.first_administrator, cast.ruth.person, reason, record=cast.record)
    return str(made.facts["case"])


def _row(stage: Stage, look: Said, told: list[Said]) -> list[str]:
    past = Past.of(told, stage.cast.record, stage.cast.sam.person, look.position)
    could = past.could_see(request_of(look), policy=look.facts["policy"])
    return [
        str(look.position),
        format_instant(look.recorded_at)[11:19],
        ", ".join(_kinds(past, could)),
        ", ".join(_kinds(past, shown_in(look))),
        _agrees(look, told),
    ]


def _kinds(past: Past, items: Iterable[str]) -> list[str]:
    held = {} if past.facts.record is None else past.facts.record.items
    return [held[item].kind for item in items] or ["nothing"]


def _agrees(look: Said, told: list[Said]) -> str:
    try:
        check_disclosure(look, told)
    except NotAsDerived as difference:
        return f"[bold red]differs: {difference}[/]"
    return "[green]agrees[/]"


async def _check_everything(stage: Stage) -> None:
    ledger, record = stage.ledger, stage.cast.record
    checked = 0
    for look in await _disclosures(ledger, record):
        told = await read_past(ledger.rows, SealingMapper(ledger.keyring), record, look.facts["viewer"])
        check_disclosure(look, told)
        checked += 1
    stage.tell(f"The same for everybody: {checked} looks at this record, refused ones too, and all {checked} agree.")


async def _looks_of(stage: Stage, by: By) -> list[Said]:
    found = await _disclosures(stage.ledger, stage.cast.record)
    return [look for look in found if look.facts["viewer"] == by.person]


async def _disclosures(ledger: Ledger, record: str) -> list[Said]:
    said = await ledger.read(0, await ledger.rows.size())
    return [one for one in said if one.type == "disclosure-made/1" and one.facts["record"] == record]
