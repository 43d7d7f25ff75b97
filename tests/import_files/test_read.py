from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.import_files import TOPICS, FileProblem, ImportedFile, PathProblem, read_file, read_files, source_files
from tests.import_files.bundles import AMINA, one_of_each

BUNDLE: dict[str, Any] = {"resourceType": "Bundle", "type": "collection", "entry": one_of_each()}


def test_a_folder_is_read_one_file_at_a_time_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.json", "a.json", "deep/c.json"):
        (tmp_path / name).write_text(json.dumps(BUNDLE))
    (tmp_path / "LICENSE").write_text("Not read.")
    reading = read_files(tmp_path)
    (tmp_path / "deep/c.json").write_text("gone bad, after the first was read")
    assert [file.file.name for file in reading] == ["a.json", "b.json", "c.json"]
    assert [file.name for file in source_files(tmp_path)] == ["a.json", "b.json", "c.json"]


def test_a_bad_file_does_not_lose_the_good_ones(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"resourceType": "Bundle", ')
    (tmp_path / "b.json").write_text(json.dumps(BUNDLE))
    bad, good = read_files(tmp_path)
    assert isinstance(bad.problems[0], FileProblem)
    assert len(good.records[0].items) == 12


def test_a_path_with_nothing_to_read_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(PathProblem, match=r"got no \.json file in this folder, wanted at least one\. Name a folder"):
        read_files(tmp_path)
    with pytest.raises(PathProblem, match="got no such file or folder"):
        read_files(tmp_path / "nowhere")


UNREADABLE = {
    "not JSON": (b"File type", "line 1, column 1, wanted JSON"),
    "nothing": (b"", "wanted JSON"),
    "not UTF-8": (b'{"a": "\xff"}', "got byte 0xff at offset 7, wanted UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "wanted UTF-8"),
    "a member twice": (b'{"resourceType": "Bundle", "type": "a", "type": "b"}', "the member 'type' twice"),
    "NaN": (b'{"resourceType": NaN}', "got NaN, wanted a number"),
    "a number beyond int": (b'{"a": ' + b"9" * 5000 + b"}", "a number beyond reason"),
    "a number beyond Decimal": (b'{"a": 1e9999999999999999999}', "a number beyond reason"),
    "deep nesting": (b'{"resourceType":' * 150 + b"1" + b"}" * 150, "more than 100 levels"),
    "bottomless nesting": (b"[" * 100_000, "more than 100 levels"),
    "an array": (b"[]", "JSON of another shape"),
    "some other object": (b'{"name": "package"}', "wanted a FHIR R4 Bundle or a PriMock57 note"),
    "one resource": (b'{"resourceType": "AuditEvent", "type": {}}', "got a single 'AuditEvent', wanted a Bundle"),
    "entries of no shape": (b'{"resourceType": "Bundle", "type": "batch", "entry": {}}', "at /entry: got an object"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_cannot_be_read_says_so_with_what_was_wanted(tmp_path: Path, case: str) -> None:
    raw, why = UNREADABLE[case]
    file = tmp_path / "x.json"
    file.write_bytes(raw)
    result = read_file(file)
    assert result.records == ()
    assert why in str(result.problems[0])
    assert str(result.problems[0]).startswith(str(file))


def test_a_byte_order_mark_is_no_reason_to_refuse(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(BUNDLE).encode())
    assert read_file(tmp_path / "x.json").problems == ()


def test_a_file_that_cannot_be_opened_is_a_problem_of_that_file(tmp_path: Path) -> None:
    assert isinstance(read_file(tmp_path / "gone.json").problems[0], FileProblem)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member and element in a JSON value, as its container and key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=6)
STRANGE = st.recursive(
    SCALARS | st.sampled_from([AMINA["reference"], "Patient/1", "#x", "2021-02-30", "\ud800"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["reference", "display", "coding", "text", "data", "start", "value", "id"]), inner, max_size=2
    ),
    max_leaves=4,
)  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_malformed_bundle_leaks_an_error_or_an_item_that_breaks_its_word(
    tmp_path: Path, data: st.DataObject
) -> None:
    bundle = deepcopy(BUNDLE)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(list(places(bundle))))
        if isinstance(container, dict) and data.draw(st.booleans()):
            del container[key]
        else:
            container[key] = data.draw(STRANGE)
    file = tmp_path / "x.json"
    file.write_text(json.dumps(bundle))
    check_accounted_for(read_file(file), bundle)


def check_accounted_for(result: ImportedFile, bundle: dict[str, Any]) -> None:
    """Each item keeps its promises, and each entry with a resource is an item, counted, a patient or a problem."""
    found = [item for record in result.records for item in record.items]
    assert len({item.source_id for item in found}) == len(found)
    for item in found:
        assert item.made_at.tzinfo is UTC
        assert item.made_at.microsecond % 1000 == 0
        assert set(item.topics) <= set(TOPICS)
        for text in (item.title, item.text, item.author.name, *(item.structured or {}).values()):
            assert text.strip()
            assert "\0" not in text
            text.encode()
    if any(isinstance(problem, FileProblem) or problem.pointer == "/entry" for problem in result.problems):
        return
    entries = bundle.get("entry", [])
    resources = [e for e in entries if not isinstance(e, dict) or "resource" in e]
    patients = len(result.records)
    assert len(found) + sum(result.left_out.values()) + len(result.problems) + patients >= len(resources)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(raw=st.binary(max_size=200))
def test_no_bytes_at_all_leak_an_error(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "x.json").write_bytes(raw)
    assert read_file(tmp_path / "x.json").problems
