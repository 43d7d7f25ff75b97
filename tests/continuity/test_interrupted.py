"""Killed at any moment: a good database is never refused, and a recovery that was begun can always be finished."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.recovery import recover
from api.secret_files import SecretsError
from api.settings import Settings
from api.wiring import ledger_of, open_house
from ledger.store.errors import WentBack
from tests.continuity.installation import Installation
from tests.continuity.test_recovery import NEW, lose
from tests.store.cast import gather_cast
from tests.store.test_crashes import Writer, kill_postgres

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "4"))


@pytest.mark.timeout(900)
async def test_kill_9_never_makes_a_good_database_refused(home: Path) -> None:
    dice, settings = random.Random(20261122), Settings(home=home)
    with open_house(settings) as house:
        async with ledger_of(house) as ledger:
            cast = await gather_cast(ledger)
        with psycopg.connect(house.migrator) as connection:
            row = connection.execute("show data_directory").fetchone()
    assert row is not None
    for n in range(ROUNDS):
        writer = Writer.start(home, cast, f"writer-{n}")  # which opens the ledger: the guard lets it
        writer.await_more(dice.randrange(1, 60))
        if n % 4 == 3:
            kill_postgres(Path(row[0]))
            writer.await_more(1)  # it started PostgreSQL again, and the log had not gone back
        writer.kill()
    with open_house(settings) as house:
        async with ledger_of(house) as ledger:
            assert ledger.rows.sequencer.size > ROUNDS


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Die before the nth change that recovery makes in the file system."""
    left = [step]

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return change(*arguments, **named)

        return changed

    for name in ("replace", "rename", "unlink", "mkdir"):
        monkeypatch.setattr(Path, name, dying(getattr(Path, name)))
    monkeypatch.setattr(shutil, "rmtree", dying(shutil.rmtree))


def test_a_recovery_killed_before_any_change_of_a_file_is_finished_by_the_same_command(
    installation: Installation, tmp_path: Path
) -> None:
    _, lost = lose(installation)
    before, backup = tmp_path / "home", installation.back_up()
    shutil.copytree(installation.home, before)
    settings, step, finished = installation.settings, 0, False
    while not finished:
        step += 1
        with pytest.MonkeyPatch.context() as patched:
            killed_at(step, patched)
            try:
                recover(settings, NEW, lost=lost)
                finished = True
            except Killed:
                pass
        if not finished:
            with pytest.raises((SecretsError, WentBack)):  # under the old name nothing is signed
                installation.add_people("Sam Diallo")
        done = recover(settings, NEW, lost=lost)
        assert done.origin == NEW
        installation.origin = NEW
        assert installation.add_people("Dr Lind")
        installation.origin = "surgery.example"
        shutil.rmtree(installation.home)
        shutil.copytree(before, installation.home)
        installation.restore(backup)
    assert step > 10
