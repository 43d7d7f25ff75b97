"""What became of an item is shown as it was said, though the service that lies makes page, digests and list anew."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.verify.bundle import SHOWN, verify_bundle
from ledger.verify.bundle_page import page_of
from tests.bundle.conftest import Bundles
from tests.bundle.rewritten import Files, edited, files_of, signed, written
from tests.bundle.scene import LOG, exported
from tests.postgres_fixture import Database
from tests.story import story_of


def remade(files: Files, item: str, change: Callable[[Any], None]) -> Files:
    """One item of the record changed, with all that follows from the record made again and signed."""
    told = edited(files, "record.json", lambda pages: change(_found(pages, item)))
    return signed(told | {"record.html": page_of(json.loads(told["record.json"])).encode()})


def _found(pages: Any, wanted: str) -> Any:
    waiting = [item for page in pages for item in page["items"]]
    while (item := waiting.pop())["id"] != wanted:
        waiting += item["children"]
    return item


def no_mark_of_the_error(item: Any) -> None:
    item["in_error"] = None


def a_mark_of_an_error_that_nobody_made(item: Any) -> None:
    item["in_error"] = {"reason": None, "author": item["author"], "made_at": item["made_at"]}


def words_that_are_there_shown_as_erased(item: Any) -> None:
    item["text"] = None


def an_agreement_by_the_author(item: Any) -> None:
    item["agreements"][0]["author"] = item["author"]


def what_was_recorded_shown_as_signed(item: Any) -> None:
    item["author"]["signed"] = "author"


def an_answer_less(item: Any) -> None:
    item["answer"] = None


def an_erasure_that_nobody_made(item: Any) -> None:
    item["erased"] = {"basis": None, "reason": None, "author": item["author"], "recorded_at": item["recorded_at"]}


@pytest.mark.parametrize(
    ("which", "change"),
    [
        ("mistake", no_mark_of_the_error),
        ("allergy", a_mark_of_an_error_that_nobody_made),
        ("allergy", words_that_are_there_shown_as_erased),
        ("letter", an_agreement_by_the_author),
        ("letter", what_was_recorded_shown_as_signed),
        ("dispute", an_answer_less),
        ("plan", an_erasure_that_nobody_made),
    ],
)
def test_what_became_of_an_item_is_shown_as_it_was_said(
    bundles: Bundles, tmp_path: Path, which: str, change: Callable[[Any], None]
) -> None:
    for bundle in (bundles.patient, bundles.clinician):
        files = remade(files_of(bundle), bundles.told[which], change)
        checks = verify_bundle(written(tmp_path / "lying.zip", files), LOG)
        [step] = [step for step in checks.steps if step.wrong is not None]
        assert step.title == SHOWN
        assert str(step.wrong).startswith(f"record.json: item {bundles.told[which]}")


def test_a_comment_is_not_shown_below_what_it_does_not_answer(bundles: Bundles, tmp_path: Path) -> None:
    files = files_of(bundles.patient)
    comments = _found(json.loads(files["record.json"]), bundles.told["note"])["children"]
    assert comments

    def move(pages: Any) -> None:
        _found(pages, bundles.told["note"])["children"] = []
        _found(pages, bundles.told["letter"])["children"] += comments

    moved = edited(files, "record.json", move)
    page = page_of(json.loads(moved["record.json"])).encode()
    checks = verify_bundle(written(tmp_path / "moved.zip", signed(moved | {"record.html": page})), LOG)
    assert [step.title for step in checks.steps if step.wrong is not None] == [SHOWN]


async def test_a_withdrawn_wish_cannot_be_shown_as_one_that_holds(database: Database, tmp_path: Path) -> None:
    async with story_of(database) as story:
        wishes, amina, record = story.ledger.wishes, story.amina, story.record
        wish = str((await wishes.draft(amina, record, "No hospital.", title="If I am ill")).facts["item"])
        await wishes.sign(amina, record, wish)
        await wishes.review(amina, record, wish, "confirmed", text="Still so.")
        await wishes.withdraw(amina, record, wish, text="I changed my mind.")
        await exported(story, tmp_path / "amina.zip", amina)
    checks = verify_bundle(tmp_path / "amina.zip", LOG)
    assert checks.ok, str(checks)

    def as_if_it_held(item: Any) -> None:
        item["wish"].update(state="signed", withdrawn_at=None, withdrawn_because=None)

    files = remade(files_of(tmp_path / "amina.zip"), wish, as_if_it_held)
    lying = verify_bundle(written(tmp_path / "lying.zip", files), LOG)
    assert [step.title for step in lying.steps if step.wrong is not None] == [SHOWN]
