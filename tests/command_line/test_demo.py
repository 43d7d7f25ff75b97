"""The demo tells its whole story, and nothing in the carer's column that is not his."""

import re
import subprocess
from collections.abc import Iterator

import pytest

from api.demo.scenes import ANSWER, NOTE, PLAN, REASON
from tests.command_line.running import PROGRAM, environment
from tests.postgres_fixture import home_in_memory


@pytest.fixture(scope="module")
def told() -> Iterator[str]:
    with home_in_memory() as home:
        result = subprocess.run(
            [PROGRAM, "demo", "--once"],
            env=environment(None, TMPDIR=str(home.parent)), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert not list(home.parent.glob("record-ledger-demo-*")), "the demo cleans up after itself"
        yield result.stdout


def scene(told: str, number: int) -> str:
    _, _, begun = told.partition(f"\n{number}  ")
    return begun.partition(f"\n{number + 1}  ")[0]


def column(of_scene: str, number: int) -> str:
    """The words of one of the three columns."""
    rows = [line.strip("│").split("│") for line in of_scene.splitlines() if line.startswith("│")]
    return " ".join(" ".join(row[number].split()) for row in rows if len(row) == 3)


def test_a_note_stands_in_two_columns_and_the_carers_is_empty(told: str) -> None:
    first = scene(told, 1)
    assert NOTE in column(first, 0)
    assert NOTE in column(first, 1)
    assert column(first, 2).split("Sam, her son and carer")[1].strip() == "(nothing)"


def test_the_patients_answer_and_the_doctors_amendment_both_stand(told: str) -> None:
    for reader in (0, 1):
        shown = column(scene(told, 2), reader)
        assert NOTE in shown
        assert ANSWER in shown
        assert "amended:" in shown


def test_the_carer_sees_the_plan_and_nothing_else_and_after_the_withdrawal_nothing(told: str) -> None:
    shared = column(scene(told, 3), 2)
    assert PLAN in shared
    assert not re.search("laugh|mood|note|allergy|penicillin", shared, re.IGNORECASE)
    assert column(scene(told, 4), 2).endswith("(nothing)")
    assert "Member by member" in scene(told, 4)


def test_what_the_carer_is_sent_has_no_number_that_counts(told: str) -> None:
    sent = scene(told, 3).partition("Sam's answer")[2]
    assert "plan-for-carers" in sent
    assert not re.search(r"\b(position|total|count|size|index)\b", sent)


def test_the_patient_sees_who_broke_the_glass_and_why(told: str) -> None:
    fifth = " ".join(scene(told, 5).split())
    assert "you have no current care relationship" in fifth
    assert "Dr Moss" in fifth
    assert all(word in fifth for word in REASON.split())
    assert NOTE not in fifth


def test_every_decision_derives_again(told: str) -> None:
    sixth = scene(told, 6)
    assert sixth.count("agrees") == 5
    assert "differs" not in sixth
    assert re.search(r"plan-for-carers\s+plan-for-carers\s+agrees", sixth)


def test_verify_names_the_entry_whose_byte_was_flipped(told: str) -> None:
    last = " ".join(scene(told, 7).split())
    flipped = re.search(r"flips one byte of what entry (\d+) says", last)
    assert flipped is not None
    assert f"position {flipped[1]}: got other sealed words" in last
    assert "that is a fault" not in told
