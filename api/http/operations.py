"""Operations: how a route is declared, so that each one is documented alike, and how the document is made.

An operation's id is the name of its use case (``items.add``). Its body's example is the model's own.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema
from starlette.responses import Response

from api.http.bodies import Body, Reads
from api.http.cookies import SESSION
from api.http.problems import (
    ALREADY_SAID,
    CURSOR,
    MALFORMED,
    MEDIA,
    MEDIA_TYPE,
    NOT_ALLOWED,
    NOT_RECORDED,
    SIGN_IN,
    TOO_LARGE,
    TOO_MANY,
    UNKNOWN,
    Problem,
)
from api.sign_in.authenticators import REASONS
from ledger.core.explanations import why_refused
from ledger.core.terms import PURPOSES

Handler = Callable[..., Any]
_REFS: Final = "#/components/schemas/{model}"
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The statement's id, a UUIDv7: the same statement again is answered with its first receipt.",
    "schema": {
        "type": "string",
        "format": "uuid",
        "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
    },
    "example": "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11",
}
_PURPOSE: Final = {
    "name": "purpose",
    "in": "query",
    "required": False,
    "description": "For what the record is open. A clinician who is only registered with the patient names one.",
    "schema": {"type": "string", "enum": list(PURPOSES)},
}
_RECEIPT: Final = {"entry": '{"recorded_at":"2026-05-03T09:00:00.000Z",…}', "proof": "c2sp.org/tlog-proof@v1\n…"}
_EXAMPLES: Final = {
    400: Problem(CURSOR, "cursor: got one that does not continue this, wanted the one of the page before; begin again"),
    401: Problem(SIGN_IN, "authorization: got no bearer token, wanted one from POST /token"),
    403: Problem(
        NOT_ALLOWED,
        "item-added/1: refused by rule not-in-care to clinician …",
        {"rule": "not-in-care", "explanation": why_refused("not-in-care").told},
    ),
    404: Problem(UNKNOWN, "got an item that is not there for you, wanted one of this record; check the id"),
    409: Problem(
        ALREADY_SAID,
        "statement id: got it again with other content; use a fresh id for something new",
        {"position": 73894, "standing": "recorded", "receipt": _RECEIPT},
    ),
    413: Problem(TOO_LARGE, "body: got more than 614400 bytes, wanted at most that; say it in parts"),
    415: Problem(MEDIA, "content-type: got 'text/plain', wanted application/json in UTF-8; send the body as that"),
    422: Problem(
        MALFORMED,
        "facts.kind: got 'memo', wanted one of note, letter, result",
        {"errors": [{"pointer": "/kind", "wanted": "one of note, letter, result"}]},
    ),
    429: Problem(TOO_MANY, "got too many attempts; wait 8 seconds, then try again", {"retry_after": 8}),
    503: Problem(NOT_RECORDED, "database: connection refused; nothing can be read or recorded until it is back"),
}
"""A problem of each status that an operation may answer."""
EXAMPLE_ANSWER: Final = {
    "statement_id": "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11",
    "position": 73894,
    "recorded_at": "2026-05-03T09:00:00.000Z",
    "ids": {"record": "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10", "item": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"},
    "standing": "recorded",
    "receipt": _RECEIPT,
}
SIGNED_IN: Final[list[dict[str, list[str]]]] = [{"bearer": []}, {"session": [], "csrf": []}]
"""Who says something: a program by its token, or a browser by its session, from a page of this place."""
_SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "at+jwt"},
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION, "description": "A browser's session."},
    "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token", "description": "Of that session: GET /session."},
}
_STANDING: Final = {
    "type": "string",
    "enum": ["recorded", "witnessed"],
    "description": "What the receipt's checkpoint has: the log's signatures alone, or its witnesses' as well.",
}
_SCHEMAS: Final[Mapping[str, Any]] = {
    "Problem": {
        "type": "object",
        "description": "RFC 9457. The detail says what was got, what was wanted and what to do next.",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string", "format": "uri"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "rule": {"type": "string", "description": "The rule that refused."},
            "explanation": {"type": "string", "description": "What that means and what to do next, in plain words."},
            "errors": {"type": "array", "items": {"type": "object"}, "description": "Members, by JSON pointer."},
            "standing": {"type": ["string", "null"], "description": "Of that receipt."},
            "receipt": {"type": ["object", "null"], "description": "Of what was said first under this id."},
            "position": {"type": "integer"},
            "reason": {"type": "string", "enum": [*REASONS], "description": "Why a passkey was refused."},
            "retry_after": {"type": "integer", "description": "Seconds to wait before trying again."},
            "id": {"type": "string", "description": "Under which the service's log says more."},
        },
    },
    "Answer": {
        "type": "object",
        "description": "What was admitted, where it stands, and the receipt that proves it.",
        "required": ["statement_id", "position", "recorded_at", "ids", "standing", "receipt"],
        "properties": {
            "statement_id": {"type": "string", "format": "uuid"},
            "position": {"type": "integer", "description": "In the whole ledger, from 0."},
            "recorded_at": {"type": "string", "format": "date-time"},
            "ids": {"type": "object", "additionalProperties": {"type": "string"}},
            "standing": _STANDING,
            "receipt": {"$ref": "#/components/schemas/Receipt"},
        },
    },
    "StandingReceipt": {
        "type": "object",
        "description": "A receipt, and what its checkpoint has.",
        "required": ["standing", "receipt"],
        "properties": {"standing": _STANDING, "receipt": {"$ref": "#/components/schemas/Receipt"}},
    },
    "Receipt": {
        "type": "object",
        "description": "The entry, and its C2SP tlog-proof under a checkpoint of the log.",
        "required": ["entry", "proof"],
        "properties": {"entry": {"type": "string"}, "proof": {"type": "string"}},
    },
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems that an operation may answer."""
    return {status: example("Problem", _EXAMPLES[status].as_json(), "Refused", MEDIA_TYPE) for status in statuses}


def example(
    schema: str | None,
    value: Any,
    description: str,
    media: str = "application/json",
    *,
    sometimes: Collection[str] = (),
) -> dict[str, Any]:
    """Document one answer: a schema of the components, or (None) an object with the example's members.

    ``sometimes`` are those that not every answer has.
    """
    shape = _with_members_of(value, sometimes) if schema is None else {"$ref": _REFS.format(model=schema)}
    shape = {"type": "string"} if media in ("text/plain", "application/octet-stream") else shape
    return {"description": description, "content": {media: {"schema": shape, "example": value}}}


def _with_members_of(value: Any, sometimes: Collection[str]) -> dict[str, Any]:
    """The schema of an object that has every other member of the example, and may have more."""
    if not isinstance(value, dict):
        return {"type": "object"}
    listed = {name: {"type": "array"} for name, inner in value.items() if isinstance(inner, list)}
    return {"type": "object", "required": [name for name in value if name not in sometimes], "properties": listed}


def writes(router: APIRouter, path: str, use_case: str) -> Callable[[Handler], Handler]:
    """Declare an operation that says something: POST, 201 with a receipt, 200 for a repeat."""
    answers = {
        201: example("Answer", EXAMPLE_ANSWER, "Admitted"),
        200: example("Answer", EXAMPLE_ANSWER, "Admitted before; the first receipt"),
        **problems(401, 403, 404, 409, 413, 415, 422, 503),
    }
    of_record = path == "/statements" or path.startswith("/records/{record}/")
    extra = {"security": SIGNED_IN, "parameters": [_IDEMPOTENCY_KEY, *([_PURPOSE] if of_record else ())]}
    return router.post(
        path,
        operation_id=use_case,
        summary=use_case,
        status_code=201,
        response_class=Response,
        response_model=None,
        responses=answers,
        openapi_extra=extra,
    )


def does(
    router: APIRouter,
    path: str,
    use_case: str,
    shown: Any,
    *,
    status: int = 200,
    anonymous: bool = False,
    programs: bool = False,
    sometimes: Collection[str] = (),
) -> Callable[[Handler], Handler]:
    """Declare an operation of browsers that changes something and says nothing by itself: POST, with an example.

    ``anonymous``: a way in, for which nobody has to be signed in. ``programs``: it takes their tokens as well.
    ``sometimes`` are the members that not every answer has.
    """
    by = SIGNED_IN if programs else [{"session": [], "csrf": []}]
    refused = (401, 403, 413, 415, 422, 429, 503) if anonymous else (401, 403, 404, 409, 413, 415, 422, 429, 503)
    return router.post(
        path,
        operation_id=use_case,
        summary=use_case,
        status_code=status,
        response_class=Response,
        response_model=None,
        responses={status: example(None, shown, "Done", sometimes=sometimes), **problems(*refused)},
        openapi_extra={} if anonymous else {"security": by},
    )


def shows(
    router: APIRouter, path: str, use_case: str, shown: Any, *, sometimes: Collection[str] = ()
) -> Callable[[Handler], Handler]:
    """Declare an operation that shows something to somebody who is signed in, with an example of it.

    ``sometimes`` are the members that not everybody is shown.
    """
    return router.get(
        path,
        operation_id=use_case,
        summary=use_case,
        response_class=Response,
        response_model=None,
        responses={200: example(None, shown, "Shown", sometimes=sometimes), **problems(400, 401, 403, 404, 422, 503)},
        openapi_extra={"security": [{"bearer": []}, {"session": []}]},
    )


def document(app: FastAPI, routers: Sequence[APIRouter]) -> dict[str, Any]:
    """The API's OpenAPI document, with the bodies that the handlers read; made once."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        components = made.setdefault("components", {})
        components.setdefault("schemas", {}).update(_SCHEMAS)
        components["securitySchemes"] = _SCHEMES
        _add_bodies(made, dict(_bodies(routers)))
        app.openapi_schema = made
    return app.openapi_schema


def _bodies(routers: Sequence[APIRouter]) -> Iterator[tuple[str, type[Body]]]:
    """The model of each operation that reads a body, by the operation's id."""
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, APIRoute) and route.operation_id is not None:
            for dependency in route.dependant.dependencies:
                if isinstance(dependency.call, Reads):
                    yield route.operation_id, dependency.call.model


def _add_bodies(made: dict[str, Any], models: Mapping[str, type[Body]]) -> None:
    unique = sorted(set(models.values()), key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in unique], ref_template=_REFS)
    made["components"]["schemas"].update(schemas.get("$defs", {}))
    for operations in made["paths"].values():
        for operation in operations.values():
            model = models.get(operation["operationId"])
            if model is not None:
                operation["requestBody"] = _request_body(model)


def _request_body(model: type[Body]) -> dict[str, Any]:
    [example_body] = model.model_json_schema()["examples"]
    content = {"schema": {"$ref": _REFS.format(model=model.__name__)}, "example": example_body}
    required = any(member.is_required() for member in model.model_fields.values())
    return {"required": required, "content": {"application/json": content}}
