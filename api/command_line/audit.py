"""``audit``: every recorded disclosure derived again; what somebody could see at an instant, and what they saw.

No words are opened here: it is about items, rules and the positions of facts.
"""

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.command_line.terminal import (
    AsJson,
    ExitCode,
    Failure,
    Group,
    out,
    print_json,
    print_table,
    progress_bar,
    the_house,
    the_ledger,
    with_ledger,
)

if TYPE_CHECKING:
    from api.auditing import Audited
    from api.wiring import House
    from ledger.core.decisions import Decision, Request
    from ledger.core.instants import Instant
    from ledger.ledger import Ledger
    from ledger.replaying.deriving import Difference
    from ledger.use_cases.looking_back import CouldSee, Judged, Seen

group = typer.Typer(cls=Group, no_args_is_help=True, help="Derive again who was shown what, and who could have been.")

RecordId = Annotated[str, typer.Option("--record", help="The record's id.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(group, name="audit")


@group.command()
def replay(
    record: Annotated[str | None, typer.Option(help="Only disclosures of this record.", show_default=False)] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Only from this position or instant (2026-05-03T09:00:00Z) on.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every disclosure from the first entry on.")] = False,
    as_json: AsJson = False,
) -> None:
    """Derive every recorded disclosure again, and account for all words that were opened.

    For each disclosure the facts before its position are folded, and the version of the policy that it names decides
    anew; each difference is printed with both evidences, and then it ends with 1. Without options: what is new since
    the last run that found all right. Run verify first: it holds the log to its signatures and its tree.
    """
    if everything and since is not None:
        raise Failure("audit replay: got both --all and --since. Choose one.", ExitCode.USAGE)
    if record is not None:
        _check_id("--record", record)
    with the_house() as house:
        audited = asyncio.run(_audit(house, record, since, everything=everything))
    if as_json:
        print_json(_as_json(audited))
    else:
        _print_audited(audited)
    if not audited.ok:
        raise typer.Exit(ExitCode.REFUSED)


@group.command("as-of")
def as_of(
    *,
    record: RecordId,
    person: Annotated[str, typer.Option(help="The id of the person who looks.")],
    acting_as: Annotated[str, typer.Option(help="What they act as: patient, carer, clinician, and so on.")],
    at: Annotated[str, typer.Option(help="The instant, 2026-05-03T09:00:00Z.")],
    via: Annotated[str, typer.Option(help="screen, export, print, preview, search, trail or in-person.")] = "screen",
    purpose: Annotated[
        str | None, typer.Option(help="The session's purpose; registration is no care without one.", show_default=False)
    ] = None,
    case: Annotated[str | None, typer.Option(help="The case of an auditor.", show_default=False)] = None,
    denied: Annotated[bool, typer.Option("--denied", help="Also what they could not see, and by which rule.")] = False,
    seen: Annotated[bool, typer.Option("--seen", help="Also what they were in fact shown up to then.")] = False,
    as_json: AsJson = False,
) -> None:
    """What a person could see of a record at an instant: item, kind, rule, and the positions of the facts behind it."""
    for name, value in (("--record", record), ("--person", person), ("--case", case)):
        if value is not None:
            _check_id(name, value)
    request = _request(person, acting_as, _instant("--at", at), via=via, purpose=purpose, case=case)

    async def work(ledger: "Ledger") -> "tuple[CouldSee, Seen | None]":
        if request.at > ledger.clock():
            raise Failure(f"--at: got {at}, wanted an instant that is past. What will be is not known.", ExitCode.USAGE)
        could = await ledger.back.could_see(record, request)
        with progress_bar("Looking for disclosures", None) as tell:
            saw = await ledger.back.seen(record, person, could.before, progress=tell) if seen else None
        return could, saw

    could, saw = with_ledger(work)
    if could.whole is None:
        raise Failure(f"--record: got {record}, which no record had as its id at {at}. Check the id and the instant.")
    if as_json:
        print_json(_could_as_json(record, could, saw))
    else:
        _print_could(could, saw, denied=denied)


async def _audit(house: "House", record: str | None, since: str | None, *, everything: bool) -> "Audited":
    from api.auditing import NAME, DerivedFile, Wanted, audit

    async with the_ledger(house) as ledger:
        start = None if since is None else await _position(ledger, since)
        wanted = Wanted(record, start, everything)
        with progress_bar("Deriving again", None) as tell, progress_bar("Accounting for openings", None) as tell_opened:
            return await audit(ledger, DerivedFile(house.home / NAME), wanted, tell, tell_opened)


async def _position(ledger: "Ledger", since: str) -> int:
    """The first position that is meant."""
    from ledger.core.instants import Instant

    size = await ledger.rows.size()
    if not since.isdecimal():
        return await ledger.back.position_at(Instant(_instant("--since", since) - 1))
    if len(since) > 18 or int(since) > size:
        raise Failure(f"--since: got position {since}, wanted at most {size}, the entries there are.", ExitCode.USAGE)
    return int(since)


def _instant(option: str, text: str) -> "Instant":
    from ledger.core.instants import instant_of

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        wanted = "an instant with its zone such as 2026-05-03T09:00:00Z"
        raise Failure(f"{option}: got {text}, wanted {wanted}.", ExitCode.USAGE)
    return instant_of(moment)


def _check_id(option: str, text: str) -> None:
    from ledger.core.errors import MalformedStatement
    from ledger.core.shapes import uuid

    try:
        uuid(option, text)
    except MalformedStatement:
        raise Failure(f"{option}: got {text}, wanted an id, a lower-case UUID.", ExitCode.USAGE) from None


def _request(
    person: str, acting_as: str, at: "Instant", *, via: str, purpose: str | None, case: str | None
) -> "Request":
    from ledger.core.decisions import VIAS, Request
    from ledger.core.terms import ACTING_AS, PURPOSES

    for option, value, allowed in (("--acting-as", acting_as, ACTING_AS), ("--via", via, VIAS)):
        if value not in allowed:
            raise Failure(f"{option}: got {value}, wanted one of {', '.join(allowed)}.", ExitCode.USAGE)
    if purpose is not None and purpose not in PURPOSES:
        raise Failure(f"--purpose: got {purpose}, wanted one of {', '.join(PURPOSES)}.", ExitCode.USAGE)
    return Request(person, acting_as, at, via, case, None, purpose)


def _as_json(audited: "Audited") -> dict[str, Any]:
    replayed, openings = audited.replayed, audited.openings
    return {
        "ok": audited.ok,
        "since": audited.since,
        "until": replayed.upto,
        "remark": audited.remark,
        "disclosures": replayed.disclosures,
        "refusals": replayed.refusals,
        "item_decisions": replayed.decisions,
        "different": replayed.different,
        "differences": [difference.as_json() for difference in replayed.differences],
        "openings": None if openings is None else openings.checked,
        "unaccounted": None if openings is None else openings.unaccounted,
        "unaccounted_for": [] if openings is None else [str(finding) for finding in openings.findings],
    }


def _print_audited(audited: "Audited") -> None:
    replayed, openings = audited.replayed, audited.openings
    if audited.remark is not None:
        out.print(audited.remark, markup=False)
    for difference in replayed.differences:
        _print_difference(difference)
    for finding in openings.findings if openings is not None else ():
        out.print(f"NOT ACCOUNTED FOR  {finding}", markup=False)
    out.print(f"disclosures     {replayed.disclosures:,} from position {audited.since:,} to {replayed.upto:,}")
    out.print(f"refusals        {replayed.refusals:,} of them")
    out.print(f"item decisions  {replayed.decisions:,}")
    out.print(f"differences     {replayed.different:,}{_shown_of(replayed.different, len(replayed.differences))}")
    if openings is None:
        out.print("openings        not looked at; they are accounted for without --record")
    else:
        found = f"{openings.unaccounted:,} not accounted for{_shown_of(openings.unaccounted, len(openings.findings))}"
        out.print(f"openings        {openings.checked:,}, {openings.repeats:,} of them for retries; {found}")


def _shown_of(count: int, shown: int) -> str:
    return f", the first {shown:,} of them above" if count > shown else ""


def _print_difference(difference: "Difference") -> None:
    of = "" if difference.record is None else f" (record {difference.record}, viewer {difference.viewer})"
    out.print(f"DIFFERENCE at position {difference.position}, {difference.what}{of}", markup=False)
    out.print(f"    as recorded       {difference.recorded}", markup=False)
    out.print(f"    as derived again  {difference.derived}", markup=False)


def _print_could(could: "CouldSee", saw: "Seen | None", *, denied: bool) -> None:
    out.print(f"The facts are those before position {could.before:,}. The record: {_told(could.whole)}.", markup=False)
    columns = ["Item", "Kind", "Rule", "Facts"]
    print_table(columns, [_row(one) for one in could.permitted])
    if denied:
        out.print("Not to be seen:")
        print_table(columns, [_row(one) for one in could.denied])
    if saw is not None:
        out.print(f"In fact shown, by {saw.disclosures:,} disclosures, {saw.refusals:,} of them refusals:")
        rows = [[one.item, one.rule, _list(one.evidence), _list(one.disclosures)] for one in saw.items]
        print_table(["Item", "Rule", "Facts", "At positions"], rows)


def _told(whole: "Decision | None") -> str:
    from ledger.replaying.deriving import Basis

    return "none" if whole is None else str(Basis.of(whole))


def _row(one: "Judged") -> list[str]:
    return [one.item, one.kind, one.decision.rule, _list(one.decision.evidence)]


def _list(positions: Any) -> str:
    return ", ".join(map(str, positions))


def _could_as_json(record: str, could: "CouldSee", saw: "Seen | None") -> dict[str, Any]:
    from ledger.core.instants import format_instant

    return {
        "record": record,
        "person": could.request.viewer,
        "acting_as": could.request.acting_as,
        "at": format_instant(could.request.at),
        "before": could.before,
        "whole": None if could.whole is None else _decision(could.whole),
        "permitted": [{"item": one.item, "kind": one.kind, **_decision(one.decision)} for one in could.permitted],
        "denied": [{"item": one.item, "kind": one.kind, **_decision(one.decision)} for one in could.denied],
        "seen": None if saw is None else [
            {"item": one.item, "rule": one.rule, "evidence": list(one.evidence), "disclosures": one.disclosures}
            for one in saw.items
        ],
    }  # fmt: skip


def _decision(decision: "Decision") -> dict[str, Any]:
    return {"rule": decision.rule, "evidence": list(decision.evidence)}
