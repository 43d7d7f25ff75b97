"""Export: what one person may see of a record, as a zip file that they keep.

    README.txt                   what is in here, and how it is checked
    record.html                  to read, in any browser, without a network
    record.json                  the same, as the HTTP API gives it
    log/verifier.txt             the log's public keys (C2SP vkeys): compare them with what you were told elsewhere
    log/checkpoint.txt           the log's latest signed checkpoint
    statements/<position>/       each signed statement that is shown: entry.json (a leaf of the log),
                                 receipt.txt (C2SP tlog-proof), facts.json and words.json (each opens a commitment)
    keys/<position>/             the statements that enrolled the keys those were signed with: entry.json, receipt.txt

A carer's file has the first three only: a place on the log tells when something else was said.

An export is a look like any other: recorded on the trail (via ``export``) before a word of it is opened.
"""

import asyncio
import html
import json
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from api.wiring import House, ledger_of
from ledger.core.entry import parse_entry
from ledger.core.instants import format_instant
from ledger.core.receipt import Receipt
from ledger.core.sealing import Part, SealedBytes, SealedPart, WrappedKey, open_sealed
from ledger.disclosure import Disclosure
from ledger.domain.errors import NotAllowed
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.store.errors import NotRecorded
from ledger.store.mapper import WrappedUnder
from ledger.use_cases.trail import Asked
from projections.all import ALL_PROJECTIONS
from projections.follow import following
from projections.timeline import Timeline
from projections.views import carer, clinician, patient
from projections.views.audience import Depth, read_by
from projections.views.fields import as_json

PURPOSES: Final = {"patient": "own-record", "clinician": "task", "carer": "shared-with-me"}
_AT_ONCE: Final = 50
"""Items of one disclosure: few enough to be opened well within its five seconds."""
_COVERED_WITHIN: Final = 5.0
_BUILD: Final[Mapping[str, Callable[[Ledger, Timeline, Disclosure], Awaitable[Any]]]] = {
    "patient": patient.build,
    "clinician": clinician.build,
    "carer": carer.build,
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose view of which record is to be exported."""

    record: str
    person: str
    acting_as: str


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written: items (comments among them) and signed statements."""

    items: int
    statements: int


@dataclass(slots=True)
class _Contents:
    """What goes into the file: its pages, and by name everything that is evidence."""

    pages: list[Any] = field(default_factory=list)
    items: int = 0
    statements: dict[int, dict[str, bytes]] = field(default_factory=dict)
    keys: dict[int, dict[str, bytes]] = field(default_factory=dict)
    log: dict[str, bytes] = field(default_factory=dict)


async def export_record(house: House, wanted: Wanted, to: Path) -> Exported:
    """Write a file with what a person may see of a record.

    Raises NotAllowed or Unknown where they may not, NotRecorded where the look cannot be recorded; then no file is
    written.
    """
    if wanted.acting_as not in _BUILD:
        raise NotAllowed(f"export: got {wanted.acting_as}, wanted one of {', '.join(_BUILD)}", "no-role")
    contents = _Contents()
    async with ledger_of(house) as ledger, following(ledger, house.conninfo, ALL_PROJECTIONS) as follower:
        timeline = Timeline(follower)
        async for disclosure in _pages(ledger, wanted):
            await _take(ledger, timeline, disclosure, contents)
        if wanted.acting_as != "carer":
            await _take_evidence(ledger, contents)
    _write(to, contents)
    return Exported(contents.items, len(contents.statements))


async def _pages(ledger: Ledger, wanted: Wanted) -> AsyncIterator[Disclosure]:
    """Disclosures of the whole record, page by page; each is recorded by itself."""
    after = None
    while True:
        asked = Asked(wanted.record, PURPOSES[wanted.acting_as], via="export", limit=_AT_ONCE, after=after)
        disclosure = await ledger.trail.open(By(wanted.person, wanted.acting_as), asked)
        yield disclosure
        if disclosure.more is None:
            return
        after = disclosure.more


async def _take(ledger: Ledger, timeline: Timeline, disclosure: Disclosure, contents: _Contents) -> None:
    contents.pages.append(await _BUILD[disclosure.acting_as](ledger, timeline, disclosure))
    thread = list(disclosure.thread())
    contents.items += len(thread)
    if disclosure.acting_as == "carer":
        return
    positions = [position for shown in thread for position in shown.positions]
    statements = await timeline.at(positions, disclosure.as_of)
    for shown in thread:
        for about, depth in read_by(disclosure.acting_as, disclosure, shown, statements[shown.item]):
            disclosure.check_fresh(ledger.clock())
            contents.statements[about.position] = await _opened(ledger, about.position, depth)


async def _opened(ledger: Ledger, position: int, depth: Depth) -> dict[str, bytes]:
    """An entry with what opens its commitments: its facts and, where this reader reads them, its words."""
    [kept] = await ledger.rows.read_log(position, 1)
    opened = {
        "entry.json": kept.state,
        "facts.json": _open(ledger, kept.state, Part.FACTS, kept.facts, WrappedUnder(kept.wrapped, kept.generation)),
    }
    [row] = await ledger.rows.read_words([position])
    if depth is Depth.WORDS and row.sealed is not None and row.wrapped is not None:
        opened["words.json"] = _open(
            ledger, row.entry, Part.WORDS, row.sealed, WrappedUnder(row.wrapped, row.generation)
        )
    return opened


def _open(ledger: Ledger, entry: bytes, part: Part, sealed: bytes, key: WrappedUnder) -> bytes:
    statement = parse_entry(entry).signed.statement
    kept = SealedPart(SealedBytes(sealed), WrappedKey(key.wrapped))
    opening = open_sealed(kept, statement.id, part, ledger.keyring.opener(key.generation))
    opening.check_commitment((statement.facts if part is Part.FACTS else statement.words) or "", part.label)
    return opening.plaintext


async def _take_evidence(ledger: Ledger, contents: _Contents) -> None:
    """Receipts, the statements that enrolled the keys, and the checkpoint."""
    for position in await _enrolments(ledger, contents):
        [kept] = await ledger.rows.read_log(position, 1)
        contents.keys[position] = {"entry.json": kept.state}
    for position, files in [*contents.statements.items(), *contents.keys.items()]:
        files["receipt.txt"] = (await _receipt(ledger, position)).proof()
    contents.log["checkpoint.txt"] = await ledger.receipts.latest_checkpoint()
    contents.log["verifier.txt"] = str(ledger.keyring.log.verifier).encode()


async def _receipt(ledger: Ledger, position: int) -> Receipt:
    """A receipt, waiting a moment for the checkpoint that covers what was admitted just now."""
    async with asyncio.timeout(_COVERED_WITHIN):
        while True:
            try:
                return await ledger.receipts.receipt_at(position)
            except NotRecorded:
                await asyncio.sleep(0.05)


async def _enrolments(ledger: Ledger, contents: _Contents) -> list[int]:
    """Where the signing keys were enrolled, and the keys that signed those statements, and so on to the first."""
    found: set[int] = set()
    waiting = [files["entry.json"] for files in contents.statements.values()]
    while waiting:
        signed = parse_entry(waiting.pop()).signed
        keys = (await ledger.facts.person(signed.statement.author)).fold.keys
        position = keys.by_person[signed.statement.author, signed.kid].enrolled_at
        if position not in found:
            found.add(position)
            waiting += [kept.state for kept in await ledger.rows.read_log(position, 1)]
    return sorted(found)


def _write(to: Path, contents: _Contents) -> None:
    # Written under another name first: a file of the wanted name is always whole.
    draft = to.with_name(f".{to.name}.draft")
    pages = [as_json(page) for page in contents.pages]
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("README.txt", _README)
        file.writestr("record.html", _html(pages))
        file.writestr("record.json", json.dumps(pages, ensure_ascii=False, indent=1))
        for name, data in contents.log.items():
            file.writestr(f"log/{name}", data)
        for folder, evidence in (("statements", contents.statements), ("keys", contents.keys)):
            for position, files in sorted(evidence.items()):
                for name, data in files.items():
                    file.writestr(f"{folder}/{position}/{name}", data)
    draft.chmod(0o600)
    draft.rename(to)


def _html(pages: list[dict[str, Any]]) -> str:
    """One page that can be read: items newest first, each with what was said about it."""
    whose = html.escape(pages[0]["patient"]["name"] or "")
    items = "\n".join(_item(item) for page in pages for item in page["items"])
    opened = html.escape(str(pages[0]["opened_at"]))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Record</title><style>{_STYLE}</style>'
        f"<h1>{whose}</h1><p>As it was shown at {opened}.</p>\n{items}\n</html>\n"
    )


def _item(item: Mapping[str, Any]) -> str:
    author = item["author"]
    said = [f"<h2>{html.escape(item['title'] or item['kind'])}</h2>", f"<p class=by>{_by(author, item['made_at'])}</p>"]
    said += [f"<blockquote>{html.escape(item['quote'])}</blockquote>"] if item["quote"] else []
    said.append(f"<p class=text>{html.escape(item['text'])}</p>")
    for amendment in item["amendments"]:
        text = html.escape(amendment["text"])
        said.append(f"<p class=text><b>Amended</b> {_by(amendment['author'], amendment['made_at'])}<br>{text}</p>")
    if item["in_error"]:
        said.append("<p><b>Marked as an error.</b></p>")
    said += [_item(child) for child in item["children"]]
    return "<article>" + "\n".join(said) + "</article>"


def _by(author: Mapping[str, Any], made_at: Any) -> str:
    at = made_at if isinstance(made_at, str) else format_instant(made_at)
    return f"{html.escape(author['name'] or author['id'])}, {html.escape(author['acting_as'])}, {html.escape(at)}"


_STYLE: Final = (
    "body{font:1.1em/1.5 sans-serif;max-width:45em;margin:2em auto;padding:0 1em}"
    "article{border-left:.2em solid #777;padding-left:1em;margin:1.5em 0}"
    "h2{font-size:1.1em;margin:0}.by{color:#444;margin:0}.text{white-space:pre-wrap}"
)
_README: Final = """A record, as one person was shown it.

record.html   to read in a browser
record.json   the same for programs
statements/   each signed statement: entry.json is its leaf in the log, receipt.txt proves that it is in the log
              (C2SP tlog-proof), facts.json and words.json are what its author committed to
keys/         how the keys that signed them were enrolled
log/          the log's public keys and its latest signed checkpoint

How one statement is checked:
1. In entry.json, "statement" is a JWS (RFC 7515, Ed25519). Its key is the one enrolled in keys/.
2. For each of facts.json and words.json: HMAC-SHA256, with "salt" as the key, over "body" in the canonical form of
   RFC 8785, in base64url, is the commitment of that name in the JWS.
3. SHA-256 of a zero byte and entry.json is the leaf (RFC 6962) whose inclusion receipt.txt proves.
4. The checkpoint in receipt.txt is signed with the keys in log/verifier.txt. Compare those with what you were told
   about the log elsewhere: a file cannot vouch for itself.

This proves what was said, by whom, and that it is in the log. That nothing was left out, or revoked since, it cannot
prove: ask for a verification of the whole ledger.
"""
