"""The token endpoint: an assertion signed with an API key, for a bearer token (RFC 6749, RFC 7523)."""

from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.operations import example, problems
from api.http.service import Serving
from api.sign_in.api_keys import SCOPES
from api.sign_in.session import SignInRefused
from api.sign_in.throttle import address_of

router: Final = APIRouter(tags=["sign-in"])
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_MEMBERS: Final = ("grant_type", "client_assertion_type", "client_assertion", "scope")
_LARGEST_FORM: Final = 16 * 1024
_TOKEN: Final = {"access_token": "eyJhbGciOiJFZDI1NTE5…", "token_type": "Bearer", "expires_in": 600, "scope": SCOPES[0]}
_REFUSAL: Final = {"error": "invalid_client", "error_description": "client_assertion: jti: got one that was used"}
_FORM: Final = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {
            "schema": {
                "type": "object",
                "required": list(_MEMBERS),
                "properties": {
                    "grant_type": {"type": "string", "const": "client_credentials"},
                    "client_assertion_type": {"type": "string", "const": ASSERTION_TYPE},
                    "client_assertion": {"type": "string"},
                    "scope": {"type": "string", "enum": list(SCOPES)},
                },
            },
            "example": {
                "grant_type": "client_credentials",
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": "eyJhbGciOiJFZDI1NTE5…",
                "scope": SCOPES[0],
            },
        }
    },
}


@router.post(
    "/token",
    operation_id="sign_in.token",
    response_class=Response,
    response_model=None,
    responses={
        200: example(None, _TOKEN, "A token"),
        400: example(None, _REFUSAL, "Refused"),
        401: example(None, _REFUSAL, "Refused"),
        **problems(403, 413, 415, 429, 503),
    },
    openapi_extra={"requestBody": _FORM},
)
async def give_token(service: Serving, request: Request) -> Response:
    """A bearer token for ten minutes, bound to the key that signed the assertion, acting as one thing."""
    throttle, address = service.doors.throttle, f"address:{address_of(request)}"
    # By address alone: a signature cannot be guessed, and by account anybody could lock out whom they name.
    await throttle.check(address)
    try:
        form = _form(await request.body())
        token = await service.api_keys.give_token(form["client_assertion"], form["scope"])
    except SignInRefused as error:
        await throttle.failed(address)
        # RFC 6749, section 5.2: these two members, and 401 only for a client that is not who it says it is.
        refusal = {"error": error.error, "error_description": str(error)}
        return json_answer(refusal, 401 if error.error == "invalid_client" else 400)
    return json_answer(
        {
            "access_token": token.access_token,
            "token_type": "Bearer",
            "expires_in": token.expires_in,
            "scope": token.scope,
        }
    )


def _form(body: bytes) -> dict[str, str]:
    """The four members of the form, each once."""
    if len(body) > _LARGEST_FORM:
        raise SignInRefused("invalid_request", f"body: got more than {_LARGEST_FORM} bytes, wanted these four members")
    try:
        text, most = body.decode("ascii"), len(_MEMBERS)
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=most)
    except ValueError as error:
        raise SignInRefused("invalid_request", "body: got no form, wanted " + ", ".join(_MEMBERS)) from error
    form = dict(pairs)
    if sorted(name for name, _ in pairs) != sorted(_MEMBERS):
        raise SignInRefused("invalid_request", "body: wanted each of these once: " + ", ".join(_MEMBERS))
    if form["grant_type"] != "client_credentials":
        raise SignInRefused("unsupported_grant_type", "grant_type: wanted client_credentials")
    if form["client_assertion_type"] != ASSERTION_TYPE:
        raise SignInRefused("invalid_request", f"client_assertion_type: wanted {ASSERTION_TYPE}")
    return form
