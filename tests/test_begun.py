"""A process that was begun before is one of the program all the same: to whoever asks it, waits for it or kills it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.begun import CHECKOUT, PROGRAM, Popen, run
from tests.command_line.running import environment

WHAT_IT_IS = """
import json, os, sys
print(json.dumps([os.getppid(), os.getcwd(), sys.argv[1:], dict(os.environ), __name__]))
print("and no more", file=sys.stderr)
sys.stdin.read()
sys.exit(7)
"""


@pytest.mark.parametrize(
    "words",
    [("keys", "--help"), ("no-such-command",), ("serve", "--port", "many"), ("verify",)],
    ids=" ".join,
)
def test_it_answers_as_the_installed_program_does(tmp_path: Path, words: tuple[str, ...]) -> None:
    told = environment(tmp_path, LEDGER_DATABASE_URL=f"host={tmp_path} dbname=nowhere", COLUMNS="70")
    installed = subprocess.run([PROGRAM, *words], env=told, capture_output=True, text=True, check=False)
    begun = run([PROGRAM, *words], env=told, timeout=60)
    assert (begun.returncode, begun.stdout, begun.stderr) == (installed.returncode, installed.stdout, installed.stderr)
    assert begun.stdout + begun.stderr


def test_it_has_the_folder_the_words_and_the_environment_that_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "what_it_is.py").write_text(WHAT_IT_IS)
    command = [sys.executable, "-m", "what_it_is", "a word"]
    with Popen(
        command, cwd=tmp_path, env={"ALONE": "1"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.poll() is None, "it waits for the end of its input"
        out, err = process.communicate("", timeout=30)
    parent, folder, words, told, name = json.loads(out)
    assert parent == os.getpid()
    assert (folder, words, told, name) == (str(tmp_path), ["a word"], {"ALONE": "1"}, "__main__")
    assert (process.returncode, err) == (7, "and no more\n")


def test_it_is_killed_as_any_other(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.postgres_owner", tmp_path / "home"]
    with Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.kill()
        assert process.wait(30) == -signal.SIGKILL
