"""The guide "Check a record without us", followed to the letter by somebody who does not have the product.

The bundle is written by the real command from a real ledger. Then every command of the guide runs in an empty folder,
with the system's tools and the public packages that the guide installs; nothing of ours can be imported there.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

import pytest

from api.settings import Settings
from api.wiring import House, ledger_of, open_house
from ledger.core.checkpoint import open_note
from ledger.core.entry import parse_entry
from ledger.core.keys import Signer, SigningKey
from ledger.core.log_keys import LogKeys
from ledger.core.statement import sign
from ledger.saying import By
from ledger.use_cases.items import Draft
from tests.bundle.rewritten import Files, edited, files_of, signed, summed, written
from tests.command_line.running import done
from tests.docs.regions import DOCS
from tests.postgres_fixture import home_in_memory
from tests.signing import Device, item_facts
from tests.store.cast import Cast, gather_cast

GUIDE = DOCS / "how-to" / "check-a-record-without-us.md"
PASSED = "statements of"


@dataclass(frozen=True)
class Given:
    """What somebody is given: the bundle, and the log's keys from elsewhere; for the tests, the service's own key."""

    bundle: Path
    verifier: str
    service: Signer
    origin: str


@dataclass(frozen=True)
class Outcome:
    """How far somebody came: the last step of the guide that they began, whether it passed, and what was printed."""

    step: int
    passed: bool
    printed: str


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    folder = tmp_path_factory.mktemp("given")
    with home_in_memory() as home:
        with open_house(Settings(home=home)) as house:
            cast = asyncio.run(_tell(house))
            keyring = house.keyring
        bundle = folder / "amina.zip"
        done(home, "export", cast.record, "--as", cast.patient, "--to", str(bundle))
        service = keyring.signer_for(keyring.service)
        yield Given(bundle, str(keyring.log.verifier), service, keyring.origin)


async def _tell(house: House) -> Cast:
    async with ledger_of(house) as ledger:
        cast = await gather_cast(ledger)
        added = await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept “well”, she says.", "Visit"))
        item = str(added.facts["item"])
        await ledger.items.comment(cast.doctor, cast.record, item, "Eight hours, “at last”.", quote="well")
        await ledger.items.amend(cast.doctor, cast.record, item, "Slept six hours.", reason="The watch says so.")
        amina, wishes = await Device.of(ledger, By(cast.patient, "patient"), ledger.people.founders[1]), str(uuid4())
        words = {"title": "My wishes", "text": "Ask me first.", "quote": None, "data": None}
        await amina.say("item-added/1", item_facts(cast.record, wishes, "wishes"), words)
        await amina.say("wish-signed/1", {"record": cast.record, "item": wishes})
        return cast


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the guide is followed; between two readers all but the installed packages is taken away."""
    return tmp_path_factory.mktemp("reader")


def steps() -> list[tuple[int, str]]:
    """The commands of the guide, with the number of the step that they belong to."""
    found: list[tuple[int, str]] = []
    for section in re.split(r"^## ", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE):
        number = re.match(r"([0-9]+)\. ", section)
        for block in re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE):
            assert number is not None, "a command outside the numbered steps"
            found.append((int(number[1]), block))
    return found


def clean_environment(folder: Path) -> dict[str, str]:
    """What a shell has that never heard of us: the system's programs, and the way to the package index."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "HTTP", "http"))}
    path = f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin"
    return kept | {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONNOUSERSITE": "1"}


def follow(given: Given, folder: Path, bundle: Path | None = None, verifier: str | None = None) -> Outcome:
    """Follow the guide, command by command, up to the first that fails; the packages are installed once."""
    for left in folder.iterdir():
        if left.name != "tools":
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    shutil.copy(bundle or given.bundle, folder / "amina.zip")
    (folder / "verifier.txt").write_text(verifier or given.verifier, encoding="utf-8")
    installed = (folder / "tools").exists()
    script = "".join(
        f"echo '=== step {number}'\n{block}" for number, block in steps() if not (installed and "-m venv" in block)
    )
    answer = subprocess.run(
        ["sh", "-e"], input=script, cwd=folder, env=clean_environment(folder), capture_output=True, text=True,
        timeout=280, check=False,
    )  # fmt: skip
    begun = [int(number) for number in re.findall(r"^=== step ([0-9]+)$", answer.stdout, re.MULTILINE)]
    return Outcome(begun[-1], answer.returncode == 0, answer.stdout + answer.stderr)


def test_the_guide_alone_shows_that_a_bundle_is_genuine(given: Given, folder: Path, tmp_path: Path) -> None:
    outcome = follow(given, folder)
    assert outcome.passed, outcome.printed
    assert outcome.step == max(number for number, _ in steps())
    assert f"{PASSED} {given.origin} are genuine" in outcome.printed
    assert outcome.printed.count("Signature Verified Successfully") == 2


def test_nothing_of_ours_is_there_when_the_guide_is_followed(given: Given, folder: Path, tmp_path: Path) -> None:
    commands = "".join(block for _, block in steps())
    assert "record-ledger" not in commands
    assert follow(given, folder).passed
    for python in ("python3", str(folder / "tools" / "bin" / "python")):
        for module in ("ledger", "api", "projections"):
            answer = subprocess.run(
                [shutil.which(python, path=clean_environment(tmp_path)["PATH"]) or python, "-c", f"import {module}"],
                cwd=tmp_path, env=clean_environment(tmp_path), capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert f"No module named '{module}'" in answer.stderr


def test_the_guide_installs_the_versions_that_we_test_with() -> None:
    pinned = dict(re.findall(r"(\w+)==([\w.]+)", "".join(block for _, block in steps())))
    assert len(pinned) == 4
    assert pinned == {name: version(name) for name in pinned}


def a_page_altered(files: Files, given: Given) -> Files:
    return files | {"record.html": files["record.html"].replace(b"Slept", b"Wept")}


def a_page_altered_and_the_digests_made_again(files: Files, given: Given) -> Files:
    return summed(a_page_altered(files, given))


def keys_of_the_forgers(files: Files, given: Given) -> Files:
    forger = LogKeys.from_seeds(given.origin, b"\x01" * 32, b"\x02" * 32)
    return summed(files | {"log/verifier.txt": str(forger.verifier).encode()})


def a_checkpoint_signed_by_a_forger(files: Files, given: Given) -> Files:
    forger = LogKeys.from_seeds(given.origin, b"\x01" * 32, b"\x02" * 32)
    _, checkpoint = open_note(files["log/checkpoint.txt"])
    return summed(files | {"log/checkpoint.txt": forger.sign_checkpoint(checkpoint, 1_800_000_000)})


def a_statement_signed_by_a_forger(files: Files, given: Given) -> Files:
    name = min(name for name in files if name.startswith("statements/") and name.endswith("entry.json"))
    value = json.loads(files[name])
    value["statement"] = sign(parse_entry(files[name]).signed.statement, SigningKey(b"\x05" * 32)).jws
    return summed(files | {name: json.dumps(value, separators=(",", ":"), sort_keys=True).encode()})


def words_that_nobody_said(files: Files, given: Given) -> Files:
    altered = edited(files, "record.json", lambda pages: pages[0]["items"][0].update(text="Refused to answer."))
    return signed(altered, given.service)


def words_under_another_salt(files: Files, given: Given) -> Files:
    name = next(name for name in files if name.startswith("statements/") and name.endswith("words.json"))
    value = json.loads(files[name]) | {"salt": "A" * 43}
    return signed(files | {name: json.dumps(value, ensure_ascii=False).encode()}, given.service)


def a_receipt_for_something_else(files: Files, given: Given) -> Files:
    first, second, *_ = sorted(name for name in files if name.endswith("receipt.txt"))
    return signed(files | {first: files[second]}, given.service)


def an_enrolment_taken_out(files: Files, given: Given) -> Files:
    # Not the first, without which nothing is enrolled, nor the last, whose absence shows in step 4 already.
    _, second, *_ = sorted({int(name.split("/")[1]) for name in files if name.startswith("keys/")})
    return signed({name: data for name, data in files.items() if not name.startswith(f"keys/{second}/")}, given.service)


TAMPERED: list[tuple[Callable[[Files, Given], Files], int, str]] = [
    (a_page_altered, 1, "record.html: FAILED"),
    (keys_of_the_forgers, 2, "< "),
    (a_checkpoint_signed_by_a_forger, 3, "Signature Verification Failure"),
    (a_statement_signed_by_a_forger, 4, ""),
    (a_page_altered_and_the_digests_made_again, 5, "WRONG: SHA256SUMS.jws"),
    (words_that_nobody_said, 5, "is in no statement"),
    (words_under_another_salt, 5, "are not what was committed to"),
    (a_receipt_for_something_else, 5, "WRONG: the receipt in"),
    (an_enrolment_taken_out, 5, "was not enrolled for its author before it"),
]


@pytest.mark.parametrize("case", TAMPERED, ids=[tamper.__name__ for tamper, _, _ in TAMPERED])
def test_a_tampered_bundle_fails_at_its_step_of_the_guide(
    given: Given, folder: Path, tmp_path: Path, case: tuple[Callable[[Files, Given], Files], int, str]
) -> None:
    tamper, step, said = case
    bundle = written(tmp_path / "tampered.zip", tamper(files_of(given.bundle), given))
    outcome = follow(given, folder, bundle)
    assert not outcome.passed
    assert (outcome.step, said in outcome.printed) == (step, True), outcome.printed


def test_a_bundle_of_another_log_fails_where_the_keys_are_compared(given: Given, folder: Path, tmp_path: Path) -> None:
    other = str(LogKeys.from_seeds("other.example", b"\x01" * 32, b"\x02" * 32).verifier)
    outcome = follow(given, folder, verifier=other)
    assert (outcome.passed, outcome.step) == (False, 2)
