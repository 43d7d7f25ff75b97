"""A ledger in its database, its log's keys rotated once: what it hands out is checked without its code."""

import asyncio
import io
import json
import random
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from proofbundle import checkpoint as bundled
from proofbundle import tlogproof as bundled_proof

from api.clock import clock
from api.postgres import EmbeddedPostgres
from api.secrets import load_keyring
from api.settings import Settings
from ledger.core.log_keys import LogVerifier
from ledger.core.receipt import Receipt
from ledger.ledger import open_ledger
from ledger.use_cases.items import Draft
from tests.begun import PROGRAM, Popen
from tests.command_line.running import call, environment
from tests.independent.go import Go
from tests.independent.test_receipts import by_cryptography
from tests.independent.test_tree import flipped
from tests.postgres_fixture import UNSAFE_FAST, home_in_memory
from tests.store.cast import Cast, gather_cast

ORIGIN = Settings.model_fields["origin"].default


@dataclass(frozen=True)
class HandedOut:
    """What outsiders have of the log: its keys, a mirror's folder, receipts, and a patient's export."""

    verifier: LogVerifier
    mirror: Path
    receipts: list[Receipt]
    export: zipfile.ZipFile


def told(home: Path, *words: str) -> str:
    result = call(home, *words)
    assert result.exit_code == 0, result.output
    return result.stdout


async def write(home: Path, notes: int) -> tuple[Cast, list[Receipt]]:
    """Let a clinician write notes about somebody; their receipts under the checkpoints of now."""
    async with open_ledger(EmbeddedPostgres(home).dsn(), load_keyring(home, ORIGIN), clock) as ledger:
        cast = await gather_cast(ledger)
        drafts = (Draft("note", f"Night {n}.") for n in range(notes))
        said = await asyncio.gather(*(ledger.items.add(cast.doctor, cast.record, draft) for draft in drafts))
        receipts = [one.receipt for one in said]
    assert all(receipts)
    return cast, receipts


@pytest.fixture(scope="module")
def handed_out(tmp_path_factory: pytest.TempPathFactory) -> HandedOut:
    beside = tmp_path_factory.mktemp("outside")
    with home_in_memory() as home, EmbeddedPostgres(home, options=UNSAFE_FAST):
        ruth = json.loads(told(home, "people", "add", "Ruth Abara", "--role", "auditor", "--json"))["person"]
        told(home, "keys", "make", ruth, "--to", str(beside / "ruth.jwk"))
        cast, before = asyncio.run(write(home, 150))
        told(home, "log-keys", "rotate")
        _, during = asyncio.run(write(home, 150))
        told(home, "log-keys", "retire", "1")
        _, after = asyncio.run(write(home, 150))
        told(home, "export", cast.record, "--as", cast.patient, "--to", str(beside / "amina.zip"))
        verifier = LogVerifier.parse((home / "keys" / "log-verifier.txt").read_text())
        with Popen(
            [PROGRAM, "serve", "--port", "0"], env=environment(home), stderr=subprocess.PIPE, text=True
        ) as service:
            try:
                assert service.stderr is not None
                url = next(line.split()[-1] for line in service.stderr if line.startswith("record-ledger serves"))
                (beside / "verifier.txt").write_text(httpx.get(f"{url}/log/verifier").text)
                told(
                    home, "mirror", url, str(beside / "mirror"), "--key", str(beside / "ruth.jwk"),
                    "--verifier", str(beside / "verifier.txt"),
                )  # fmt: skip
            finally:
                service.terminate()
                service.communicate(timeout=60)
    export = zipfile.ZipFile(io.BytesIO((beside / "amina.zip").read_bytes()))
    return HandedOut(verifier, beside / "mirror", [*before, *during, *after], export)


def test_go_makes_the_checkpoints_root_from_the_entries_of_a_mirror(go: Go, handed_out: HandedOut) -> None:
    present = handed_out.verifier.pairs[1]
    [found] = go.ask([{"Ask": "directory", "Dir": str(handed_out.mirror), "VKey": str(present.ed25519)}])
    assert not found["error"]
    assert (found["origin"], found["size"]) == (ORIGIN, len(list(entries_in(handed_out.mirror))))
    note = (handed_out.mirror / "checkpoint").read_bytes()
    assert by_cryptography(note, present)
    assert bundled.verify_checkpoint(note.decode(), str(present.ed25519))["root"] == found["root"]
    [old] = go.ask([{"Ask": "open", "Note": note, "VKey": str(handed_out.verifier.pairs[0].ed25519)}])
    assert old["error"], "the retired key has signed nothing any more"


def bundles_in(mirror: Path) -> list[Path]:
    """The files of entries, in the order of the log: complete ones, and the last, which is not."""
    return sorted(file for file in (mirror / "tile" / "entries").rglob("*") if file.is_file())


def entries_in(mirror: Path) -> Iterator[bytes]:
    """The entries in the order of the log, each behind its length in two bytes (tlog-tiles, "Log entries")."""
    for file in bundles_in(mirror):
        rest = file.read_bytes()
        while rest:
            length = int.from_bytes(rest[:2])
            yield rest[2 : 2 + length]
            rest = rest[2 + length :]


def test_one_flipped_byte_in_any_file_of_entries_is_seen(go: Go, handed_out: HandedOut) -> None:
    asked = {"Ask": "directory", "Dir": str(handed_out.mirror), "VKey": str(handed_out.verifier.pairs[1].ed25519)}
    files = bundles_in(handed_out.mirror)
    assert len(files) == 2
    dice = random.Random(2)
    for file in files * 10:
        whole = file.read_bytes()
        file.write_bytes(flipped(whole, dice))
        [found] = go.ask([asked])
        assert found["error"]
        file.write_bytes(whole)
    assert go.accepts([asked]) == [True]


def test_receipts_from_before_during_and_after_the_rotation_check_without_our_code(
    go: Go, handed_out: HandedOut
) -> None:
    first, second = handed_out.verifier.pairs
    held = [checked(go, handed_out.receipts, str(pair.ed25519)) for pair in (first, second)]
    for receipt, by_first, by_second in zip(handed_out.receipts, *held, strict=True):
        pairs = [pair for pair, good in ((first, by_first), (second, by_second)) if good]
        assert pairs
        assert all(by_cryptography(receipt.checkpoint_note, pair) for pair in pairs)
    wanted = [(True, False)] * 150 + [(True, True)] * 150 + [(False, True)] * 150
    assert list(zip(*held, strict=True)) == wanted


def checked(go: Go, receipts: list[Receipt], vkey: str) -> list[bool]:
    """What Go says of each, and proofbundle must say too."""
    asked = [{"Ask": "receipt", "Proof": one.proof(), "Entry": one.entry, "VKey": vkey} for one in receipts]
    said = go.accepts(asked)
    assert said == [
        bundled_proof.verify_tlog_proof(one.proof().decode(), one.entry, vkey, expected_origin=ORIGIN)["ok"]
        for one in receipts
    ]
    return said


def test_every_receipt_in_an_export_checks_without_our_code(go: Go, handed_out: HandedOut) -> None:
    file = handed_out.export
    names = [name for name in file.namelist() if name.endswith("/receipt.txt")]
    assert len(names) > 150, "each note, and the statements that enrolled the keys"
    receipts = [Receipt.parse(file.read(n), file.read(n.replace("receipt.txt", "entry.json"))) for n in names]
    present = handed_out.verifier.pairs[1]
    assert all(checked(go, receipts, str(present.ed25519)))
    assert all(by_cryptography(receipt.checkpoint_note, present) for receipt in receipts)


def test_the_log_grew_consistently_from_each_checkpoint_to_the_next(go: Go, handed_out: HandedOut) -> None:
    """Go makes the proofs from the mirror's entries, and checks them between the roots that the receipts carry."""
    second = handed_out.verifier.pairs[1]
    [newest] = go.ask([{"Ask": "directory", "Dir": str(handed_out.mirror), "VKey": str(second.ed25519)}])
    notes = {receipt.checkpoint_note for receipt in handed_out.receipts}
    known = {one.size: one.root for one in map(handed_out.verifier.open_checkpoint, notes)}
    sizes = sorted(known)
    assert len(sizes) > 3
    paths = go.consistency_paths([(size, newest["size"]) for size in sizes])
    assert all(
        go.accepts(
            [
                {"Ask": "check tree", "OldSize": size, "OldRoot": known[size], "Size": newest["size"],
                 "Root": newest["root"], "Path": list(path)}
                for size, path in zip(sizes, paths, strict=True)
            ]
        )
    )  # fmt: skip
