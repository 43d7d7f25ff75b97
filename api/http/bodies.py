"""Bodies of requests: read strictly, once, straight from their bytes.

What a member may hold is checked by the ledger itself (``ledger.core.vocabulary``); here only that each is there,
of its JSON type, and no other is. Floats, lone surrogates, other encodings and unknown members end here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.http.problems import Refused, problem_of_validation
from ledger.core.errors import MalformedStatement
from ledger.core.instants import Instant, parse_instant
from ledger.core.terms import KINDS, TOPICS

UUID_PATTERN: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
"""The one spelling of an id."""
AN_ID: Final = {"type": "string", "format": "uuid", "pattern": UUID_PATTERN}
"""The schema of an id."""


def _moment(value: object) -> Instant:
    try:
        return parse_instant(value)
    except MalformedStatement as error:
        raise PydanticCustomError("instant", "{wanted}", {"wanted": error.wanted}) from error


InPath = Annotated[str, Path(pattern=UUID_PATTERN, description="A lower-case UUID.")]
Id = Annotated[str, WithJsonSchema(AN_ID)]
Text = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": 262144, "pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"}
    ),
]
Moment = Annotated[
    Instant, PlainValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time", "pattern": r"\.\d{3}Z$"})
]
Day = date
A_NAME: Final[dict[str, Any]] = {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,63}$"}
"""The schema of a short identifier."""
_A_TOPIC: Final = {**A_NAME, "description": "One that the policy knows.", "examples": list(TOPICS)}
Topics = Annotated[list[str], WithJsonSchema({"type": "array", "items": _A_TOPIC, "uniqueItems": True})]


def names(*allowed: str) -> WithJsonSchema:
    """Document a member as one of the vocabulary's names; it is the ledger that checks it."""
    return WithJsonSchema({"type": "string", "enum": list(allowed)})


def exactly(**members: Any) -> dict[str, Any]:
    """The schema of an object with these members and no others."""
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def tagged(description: str, **kinds: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of an object that says in ``kind`` which further members it has (names with _ stand for -)."""
    shapes = [exactly(kind={"const": kind.replace("_", "-")}, **more) for kind, more in kinds.items()]
    return {"description": description, "oneOf": shapes}


_OF: Final[Mapping[str, Any]] = {"item": {"of": AN_ID}, "topic": {"of": A_NAME}, "kind": {"of": {"enum": [*KINDS]}}}
_A_PART: Final = tagged("``of`` names the item, topic or kind.", **_OF)
Scope = Annotated[dict[str, Any], WithJsonSchema(tagged("``of`` names the item, topic or kind.", everything={}, **_OF))]
Parts = Annotated[list[dict[str, Any]], WithJsonSchema({"type": "array", "items": _A_PART})]


def shown_as(**members: Any) -> ConfigDict:
    """Document a body by an example."""
    return ConfigDict(json_schema_extra={"examples": [members]})


class Body(BaseModel):
    """What every statement may bring: when its author made it, by their own clock."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    made_at: Moment | None = Field(default=None, description="The author's clock; the service's where it is left out.")


class OnlyBody(Body):
    """A statement that needs nothing said in its body."""

    model_config = shown_as(made_at="2026-05-03T09:00:00.000Z")


@dataclass(frozen=True, slots=True)
class Reads:
    """A dependency that reads the body as one model; no body at all is the empty object.

    Raises Refused with every member that differs.
    """

    model: type[Body]

    async def __call__(self, request: Request) -> Body:
        """The body of a request."""
        try:
            return self.model.model_validate_json(await request.body() or b"{}")
        except ValidationError as error:
            raise Refused(problem_of_validation(error)) from error


def reads(model: type[Body]) -> Any:
    """The marker of a handler's body: ``body: Annotated[NewItem, reads(NewItem)]``."""
    return Depends(Reads(model))
