"""Passkeys made and used at the door of a service, without its pages; and answers of theirs that are altered."""

from collections.abc import Callable
from typing import Any

from api.clock import clock
from api.sign_in.passkeys import KeptPasskey, Passkeys
from api.sign_in.place import Place
from ledger.core.instants import Instant
from ledger.saying import By
from tests.sign_in.authenticator import Authenticator, Browser

PLACE = Place.of("http://localhost:8000")
WHOM = "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11"


class Clock:
    """The machine's clock, which a test may set forward."""

    ahead = 0

    def __call__(self) -> Instant:
        return Instant(clock() + self.ahead)


async def made(passkeys: Passkeys, device: Authenticator, by: By, name: str = "Phone") -> KeptPasskey:
    options = await passkeys.options_to_make(by.person, "", PLACE, WHOM)
    return await passkeys.make(by.person, device.make(options), PLACE, name, WHOM)


def signed(passkeys: Passkeys, device: Authenticator, page: Browser | None = None, **of: Any) -> dict[str, Any]:
    return device.sign_in(passkeys.options_to_sign_in(PLACE), page, **of)


def altered(part: str, to: object) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda answer: {**answer, "response": {**answer["response"], part: to}}
