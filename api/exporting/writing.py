"""The zip file of an export: its readable parts, its evidence, and the list of digests that the service signs."""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from api.exporting.contents import Contents
from api.exporting.evidence import Evidence
from ledger.core.canonical import decode
from ledger.core.entry import parse_entry
from ledger.core.instants import format_instant
from ledger.verify.bundle_form import (
    CHECKPOINT,
    FHIR,
    PAGE,
    README,
    RECORD,
    SUMS,
    SUMS_SIGNATURE,
    VERIFIER,
    format_sums,
    sign_sums,
)
from ledger.verify.bundle_page import page_of, readme_of
from ledger.verify.bundle_told import write_json
from projections.fhir import Signature, fhir_of

_SAME_TIME = (1980, 1, 1, 0, 0, 0)
"""What a zip says of when a file was made: the earliest it can say, since the entries tell that better."""


def write_bundle(to: Path, contents: Contents, evidence: Evidence | None) -> None:
    """Write the file; it is readable by its owner only, and whole as soon as it has its name."""
    # Written under another name first: a file of the wanted name is always whole.
    draft = to.with_name(f".{to.name}.draft")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    with draft.open("wb") as file:
        pack(file, contents, evidence)
    draft.rename(to)


def pack(into: IO[bytes], contents: Contents, evidence: Evidence | None) -> None:
    """Write the zip itself. It takes a while for a long record, and nothing of the ledger any more."""
    files = dict(_shown(contents, evidence))
    if evidence is not None:
        files |= dict(_proofs(contents, evidence))
    files[SUMS] = format_sums(files)
    if evidence is not None:
        files[SUMS_SIGNATURE] = sign_sums(files[SUMS], evidence.signer)
    with zipfile.ZipFile(into, "w") as file:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, _SAME_TIME)
            member.external_attr = 0o100600 << 16
            file.writestr(member, data, zipfile.ZIP_DEFLATED)


def _shown(contents: Contents, evidence: Evidence | None) -> Iterator[tuple[str, bytes]]:
    signatures = [] if evidence is None else list(_signatures(contents.statements, evidence))
    yield README, readme_of(None if evidence is None else evidence.standing).encode()
    yield PAGE, page_of(contents.pages).encode()
    yield RECORD, write_json(contents.pages)
    yield FHIR, write_json(fhir_of(contents.pages, signatures))


def _proofs(contents: Contents, evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    yield VERIFIER, evidence.verifier
    yield CHECKPOINT, evidence.checkpoint
    keys = {position: {"entry.json": entry} for position, entry in evidence.keys.items()}
    for folder, places in (("statements", contents.statements), ("people", contents.people), ("keys", keys)):
        for position, files in sorted(places.items()):
            for name, data in files.items():
                yield f"{folder}/{position}/{name}", data
            yield f"{folder}/{position}/receipt.txt", evidence.receipts[position]


def _signatures(statements: Mapping[int, Mapping[str, bytes]], evidence: Evidence) -> Iterator[Signature]:
    for _position, files in sorted(statements.items()):
        entry, facts = parse_entry(files["entry.json"]), decode(files["facts.json"], "facts")["body"]
        said = entry.signed.statement
        yield Signature(
            item=facts["item"],
            type=said.type,
            author=said.author,
            acting_as=said.acting_as,
            made_at=format_instant(said.made_at),
            recorded_at=format_instant(entry.recorded_at),
            jws=entry.signed.jws,
            held_by_service=evidence.custody[said.author, entry.signed.kid] == "service",
        )
