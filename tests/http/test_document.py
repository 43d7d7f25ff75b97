"""The API's document: every operation with an example that works, and every error of the ledger with its problem."""

import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import ledger
import projections
from api.http.app import create_app
from api.http.bodies import Body
from api.http.items import ADDED_AS
from api.http.problems import INTERNAL, MEDIA_TYPE, TABLE, problem_of
from api.settings import Settings
from api.wiring import House
from ledger.core.errors import CoreError, MalformedStatement
from ledger.core.terms import KINDS
from ledger.domain.errors import DomainError, NotAllowed
from ledger.store.errors import AlreadySaid, StoreError
from ledger.use_cases.care import CareAround
from ledger.use_cases.cases import Cases
from ledger.use_cases.items import Items
from ledger.use_cases.people import People
from ledger.use_cases.presets import Presets
from ledger.use_cases.representation import Representing
from ledger.use_cases.sharing import SharingChoices
from ledger.use_cases.wishes import Wishes
from projections.errors import ProjectionError
from tests.keyring import fixed_keyring

FAMILIES = (CoreError, DomainError, StoreError, ProjectionError)
_PLACES = "records|trail|cases|worklist|notices|passkeys|session|sign-in"
_OPERATION = re.compile(rf"\b(GET|POST) (/(?:{_PLACES})\b[A-Za-z0-9{{}}/_-]*)(\?[^\s`]*)?")
PUBLIC = (
    {"invitations.open", "invitations.accept", "recovery.use_code"}
    | {"sign_in.token", "sign_in.passkey_options", "sign_in.passkey"}
    | {"sign_in.providers", "sign_in.at_provider", "sign_in.from_provider", "invitations.accept_at_provider"}
    | {
        f"log.{name}"
        for name in ("checkpoint", "checkpoint_recorded", "verifier", "tile", "prove_inclusion", "prove_consistency")
    }
)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home: Path = tmp_path_factory.mktemp("home")
    made: dict[str, Any] = create_app(House(Settings(home=home), fixed_keyring(), "", "")).openapi()
    return made


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_operation_has_an_example_of_what_it_takes_and_gives(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        name = operation["operationId"]
        assert operation["description"], name
        good = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert good or "location" in operation["responses"]["303"]["headers"], name
        for answer in good:
            assert all("example" in content for content in answer["content"].values()), (path, name)
        if method == "post":
            [content] = operation["requestBody"]["content"].values()
            assert content["example"] is not None, name


def test_every_operation_names_its_problems_and_who_must_sign_in(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        signed_in = bool(operation.get("security"))
        assert signed_in != (operation["operationId"] in PUBLIC), operation["operationId"]
        if signed_in:
            for status in ("401", "403", "404", "422", "503"):
                [media] = operation["responses"][status]["content"]
                assert media == MEDIA_TYPE


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name == "$ref":
                    yield inner
                yield from references(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from references(inner)

    found = set(references(document))
    assert found
    for reference in found:
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"], reference


def test_the_example_of_every_body_is_a_body() -> None:
    def models(model: type[Body]) -> Iterator[type[Body]]:
        for below in model.__subclasses__():
            yield below
            yield from models(below)

    found = list(models(Body))
    assert len(found) > 20
    for model in found:
        [example] = model.model_json_schema()["examples"]
        model.model_validate_json(json.dumps(example))


def test_operations_are_named_after_use_cases_and_none_is_left_out(document: dict[str, Any]) -> None:
    groups = {
        "people": People, "care": CareAround, "items": Items, "sharing": SharingChoices, "wishes": Wishes,
        "representation": Representing, "presets": Presets, "cases": Cases,
    }  # fmt: skip
    wanted = {
        f"{group}.{name}"
        for group, kind in groups.items()
        for name, member in vars(kind).items()
        if callable(member) and not name.startswith("_")
    }
    named = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(named)) == len(named)
    assert wanted - set(named) <= {"people.found"}
    assert {*ADDED_AS, "comment"} == set(KINDS)


def test_every_operation_and_query_that_a_page_names_is_there(document: dict[str, Any]) -> None:
    named = set()
    for page in sorted((Path(__file__).parent.parent.parent / "docs").rglob("*.md")):
        for method, path, query in _OPERATION.findall(page.read_text(encoding="utf-8")):
            operation = document["paths"].get(path, {}).get(method.lower())
            assert operation is not None, f"{page.name}: {method} {path}"
            taken = {parameter["name"] for parameter in operation.get("parameters", ())}
            asked = {part.partition("=")[0] for part in query.lstrip("?").split("&") if part}
            assert asked <= taken, f"{page.name}: {method} {path}"
            named.add(operation["operationId"])
    assert {"trail.who_looked", "trail.as_of", "preview.outline", "sharing.question_access"} <= named


def errors_of(family: type[Exception]) -> Iterator[type[Exception]]:
    yield family
    for below in family.__subclasses__():
        yield from errors_of(below)


def test_every_error_of_the_ledger_has_its_problem() -> None:
    for package in (ledger, projections):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    for family in FAMILIES:
        for error in errors_of(family):
            assert any(base in TABLE for base in error.__mro__), error
    # What is not a client's doing is never told in its own words.
    internal = {error.__name__ for family in FAMILIES for error in errors_of(family) if kind_of(error) is INTERNAL}
    assert {"SealBroken", "FactsIncomplete", "WordsErased", "OutOfStep", "MigrationRefused"} <= internal
    assert not {"MalformedStatement", "NotAllowed", "Unknown", "NotPossible", "NotRecorded"} & internal


def kind_of(error: type[Exception]) -> object:
    return next(TABLE[base] for base in error.__mro__ if base in TABLE)


def test_a_refusal_never_names_the_rule_that_would_tell_what_is_there() -> None:
    told = {problem_of(NotAllowed(f"refused by {rule}", rule)).detail for rule in ("no-role", "unknown-record")}
    assert len(told) == 1
    assert "unknown-item" not in problem_of(NotAllowed("refused by unknown-item", "unknown-item")).detail


@pytest.mark.parametrize(
    ("what", "pointer"),
    [("facts.kind", "/kind"), ("facts.topics[0]", "/topics/0"), ("facts", ""), ("jwk.x", "/jwk/x"), ("no path!", "")],
)
def test_a_malformed_member_is_pointed_to(what: str, pointer: str) -> None:
    error = MalformedStatement(what, got="\ud800", wanted="something else")
    [fault] = problem_of(error).members["errors"]
    assert fault == {"pointer": pointer, "wanted": "something else"}
    assert problem_of(error).response().body


def test_a_lone_surrogate_in_a_message_can_still_be_told() -> None:
    assert b"?" in bytes(problem_of(AlreadySaid("got \ud800", 1)).response().body)
