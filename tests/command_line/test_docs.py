"""What the README, the tutorial and the reference say is what the program does."""

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.command_line.make_reference import COMMANDS, FILE, help_of, reference
from tests.command_line.running import PROGRAM, environment
from tests.ports import kept_port
from tests.postgres_fixture import home_in_memory

CHECKOUT = Path(__file__).parents[2]
README = (CHECKOUT / "README.md").read_text()
TUTORIAL = (CHECKOUT / "docs" / "tutorial" / "first-steps.md").read_text()
_BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_reference_of_the_command_line_is_what_help_says() -> None:
    assert FILE.read_text() == reference(), "make it again: python -m tests.command_line.make_reference"


def test_every_command_that_the_readme_names_exists() -> None:
    named = re.findall(r"`record-ledger ([a-z]+)", README)
    assert named
    assert set(named) <= {command.split()[0] for command in COMMANDS}


def test_every_goal_of_make_that_the_readme_names_exists() -> None:
    told = subprocess.run(["make", "-s", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    named = re.findall(r"make ([a-z]+)", " ".join(re.findall(r"\$ make.*|`make[^`]*`", README)))
    assert {"demo", "test"} <= set(named)
    assert all(f"make {goal}" in told for goal in named)


def test_every_scene_of_the_readme_is_a_scene_of_the_demo() -> None:
    scenes = re.findall(r"^\d\. \*\*(.+?)\*\*", README, re.MULTILINE)
    told = "".join(file.read_text() for file in (CHECKOUT / "api" / "demo").glob("*.py"))
    assert len(scenes) == 7
    assert [scene for scene in scenes if scene.rstrip(".") not in told] == []


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/first-steps.md"])
def test_every_link_leads_to_a_file(page: str) -> None:
    here = CHECKOUT / page
    links = re.findall(r"\]\(([^)#:]+)\)", here.read_text())
    assert links
    assert [link for link in links if not (here.parent / link).exists()] == []


def test_help_answers_for_every_command() -> None:
    for command in COMMANDS:
        assert help_of(*command.split()).startswith(f"Usage: record-ledger {command}")


def test_the_tutorial_does_what_it_says() -> None:
    assert shutil.which("curl"), "the tutorial needs curl: install it (apt-get install curl)"
    blocks = _BLOCK.findall(TUTORIAL)
    # A port of the test's own: somebody else's service may listen where the tutorial's does.
    with kept_port() as port, home_in_memory() as home:
        steps = [_marked(n, text.replace("8427", str(port))) for n, (kind, text) in enumerate(blocks) if kind == "sh"]
        code, out, err = _run_all("\n".join(["set -eu", *steps, "kill %1", "wait %1 || true"]), home.parent)
    assert code == 0, out + err
    for n, (kind, wanted) in enumerate(blocks):
        if kind == "text":
            got = out.partition(f"== {n - 1} ==\n")[2].partition("\n== ")[0]
            assert re.fullmatch(_pattern(wanted), got.strip() + "\n", re.DOTALL), f"wanted\n{wanted}\ngot\n{got}"


def _run_all(script: str, folder: Path) -> tuple[int, str, str]:
    """Run a script to its end, and end whatever it has left behind: its service, if it failed half-way."""
    path = f"{PROGRAM.parent}:/usr/local/bin:/usr/bin:/bin"
    with subprocess.Popen(
        ["bash", "-c", script], cwd=folder, env=environment(None, PATH=path), start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            out, err = process.communicate(timeout=240)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
    return process.returncode, out, err


def _marked(n: int, commands: str) -> str:
    return f"echo '== {n} =='\n{commands}"


def _pattern(wanted: str) -> str:
    """A pattern in which `…` stands for anything."""
    return ".*".join(re.escape(part) for part in wanted.strip().split("…")) + r"\n"
