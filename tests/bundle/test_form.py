"""What is no bundle is refused before anything of it is believed, and nothing is ever extracted."""

import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.verify import bundle_form
from ledger.verify.bundle import FORM, verify_bundle
from ledger.verify.bundle_form import BundleError, read_files
from tests.bundle.conftest import Bundles
from tests.bundle.rewritten import Files, files_of, written
from tests.bundle.scene import LOG


def refused(path: Path) -> str:
    """The message of the first step, which must be the one that is wrong; nothing else is looked at."""
    checks = verify_bundle(path, LOG)
    assert [(step.title, step.wrong is not None) for step in checks.steps] == [(FORM, True)]
    return str(checks.steps[0].wrong)


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/etc/passwd",
        "statements/../keys/0/entry.json",
        "statements/007/entry.json",
        "statements/1/entry.json/",
        "statements/1/extra.json",
        "keys/1/words.json",
        "README.TXT",
        "record.html ",
        "C:\\record.html",
        "statements/-1/entry.json",
    ],
)
def test_a_name_that_no_export_writes_is_refused(bundles: Bundles, tmp_path: Path, name: str) -> None:
    refused(written(tmp_path / "named.zip", files_of(bundles.patient) | {name: b"{}"}))
    assert not (tmp_path.parent / "evil.txt").exists()


def test_a_file_that_is_missing_or_twice_is_refused(bundles: Bundles, tmp_path: Path) -> None:
    files = files_of(bundles.patient)
    for name in ("README.txt", "fhir.json", "SHA256SUMS", "log/checkpoint.txt", "SHA256SUMS.jws"):
        refused(written(tmp_path / "less.zip", {other: data for other, data in files.items() if other != name}))
    place = next(name for name in files if name.startswith("statements/")).rpartition("/")[0]
    for part in ("entry.json", "receipt.txt", "facts.json"):
        kept = {name: data for name, data in files.items() if name != f"{place}/{part}"}
        assert place in refused(written(tmp_path / "less.zip", kept))
    moved = files | {name.replace("statements", "people"): data for name, data in files.items()}
    assert "two folders" in refused(written(tmp_path / "both.zip", moved))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(bundles: Bundles, tmp_path: Path) -> None:
    bundle = written(tmp_path / "twice.zip", files_of(bundles.patient))
    with zipfile.ZipFile(bundle, "a") as file:
        file.writestr("record.json", b"[]")
    assert "two files of one name" in refused(bundle)


def a_link(file: zipfile.ZipFile) -> None:
    member = zipfile.ZipInfo("README.txt")
    member.external_attr = 0o120777 << 16
    file.writestr(member, "/etc/passwd")


def a_strange_compression(file: zipfile.ZipFile) -> None:
    file.writestr("README.txt", b"x" * 100, zipfile.ZIP_BZIP2)


def a_bomb(file: zipfile.ZipFile) -> None:
    file.writestr("README.txt", b"\0" * (bundle_form.LARGEST_FILE + 1), zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize("odd", [a_link, a_strange_compression, a_bomb])
def test_a_link_and_a_bomb_are_refused(
    bundles: Bundles, tmp_path: Path, odd: Callable[[zipfile.ZipFile], None]
) -> None:
    files = files_of(bundles.patient)
    del files["README.txt"]
    bundle = written(tmp_path / "odd.zip", files)
    with zipfile.ZipFile(bundle, "a") as file:
        odd(file)
    assert "README.txt" in refused(bundle)


def test_a_file_that_is_longer_than_the_zip_says_is_not_read_beyond_that(tmp_path: Path, bundles: Bundles) -> None:
    bundle = written(tmp_path / "long.zip", files_of(bundles.patient))
    with zipfile.ZipFile(bundle, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("statements/7/words.json", b"a" * 5000)
    data = bundle.read_bytes()
    size = struct.pack("<LL", len(zlib.compress(b"a" * 5000)) - 6, 5000)
    assert data.count(size) == 2  # beside the file and in the directory
    bundle.write_bytes(data.replace(size, size[:4] + struct.pack("<L", 50)))
    refused(bundle)


@pytest.mark.parametrize("behind", [0, 1])
def test_a_page_hidden_from_the_directory_of_the_zip_is_refused(bundles: Bundles, tmp_path: Path, behind: int) -> None:
    # A program that reads along the file, as from a pipe, would show the hidden page and not the one that is checked.
    whole = bundles.patient.read_bytes()
    hidden = written(tmp_path / "hidden.zip", {"record.html": b"She is dangerous."}).read_bytes()
    local = hidden[: hidden.index(b"PK\x01\x02")]
    with zipfile.ZipFile(bundles.patient) as file:
        at = sorted(member.header_offset for member in file.infolist())[behind]
        moved = [member for member in file.infolist() if member.header_offset >= at]
    data = bytearray(whole[:at] + local + whole[at:])
    if behind:  # in front of all of them zipfile finds the files by itself
        start = data.rindex(b"PK\x05\x06")
        directory = struct.unpack_from("<L", data, start + 16)[0] + len(local)
        struct.pack_into("<L", data, start + 16, directory)
        for member in moved:
            entry = data.index(member.filename.encode(), directory) - 46
            struct.pack_into("<L", data, entry + 42, member.header_offset + len(local))
    bundle = tmp_path / "two_pages.zip"
    bundle.write_bytes(data)
    assert files_of(bundle) == files_of(bundles.patient)
    refused(bundle)


def test_any_cut_or_altered_zip_is_refused_or_holds_the_same_files(bundles: Bundles, tmp_path: Path) -> None:
    whole = bundles.patient.read_bytes()
    files = files_of(bundles.patient)
    damaged = tmp_path / "damaged.zip"
    outcomes = []
    for n in range(300):
        at = (n * 7919) % len(whole)
        data = whole[:at] if n % 3 == 0 else whole[:at] + bytes([whole[at] ^ (1 + n % 255)]) + whole[at + 1 :]
        damaged.write_bytes(data)
        outcomes.append(_read(damaged, files))
    assert outcomes.count("refused") > 200
    assert "others" not in outcomes


def _read(path: Path, files: Files) -> str:
    """What reading gives: a refusal in our own words, or files; the digests tell about those."""
    try:
        read = read_files(path)
    except BundleError:
        return "refused"
    return "same" if read == files or not verify_bundle(path, LOG).ok else "others"


@pytest.mark.parametrize("data", [b"", b"PK", b"not a zip", b"\0" * 1000])
def test_what_is_no_zip_is_refused_with_a_clear_word(tmp_path: Path, data: bytes) -> None:
    bundle = tmp_path / "none.zip"
    bundle.write_bytes(data)
    assert "wanted an exported bundle" in refused(bundle)
    assert "wanted an exported bundle" in refused(tmp_path / "nowhere.zip")
