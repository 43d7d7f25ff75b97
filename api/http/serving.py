"""Serving the API of a house."""

import asyncio
import logging
import signal
from collections.abc import Callable
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from fastapi import FastAPI

from api.http.app import create_app
from api.http.service import Service
from api.listening import ListeningFailed, listen
from api.sign_in.letting_in import first_way_in
from api.sign_in.personas import Personas
from api.sign_in.place import Place
from api.wiring import House

_log: Final = logging.getLogger("record_ledger.serving")


class ServingFailed(Exception):
    """The service could not start, or not go on."""


def serve(
    house: House,
    ready: Callable[[str], None] = lambda url: None,
    *,
    personas: Personas | None = None,
    first_link: Callable[[str], None] | None = None,
) -> None:
    """Serve a house until SIGINT or SIGTERM; ``ready`` hears the URL. ``personas`` are the demonstration's to give.

    ``first_link`` hears, after that, the link by which the first administrator comes in, where nobody has yet.

    Raises ServingFailed where it cannot start, and where it had to stop because its database went back.

    It must be called in the main thread, which hears the signals. Logging is the caller's to set up: the logger
    ``record_ledger.access`` has one line for each answer, without path, query or words.
    """
    app = create_app(house, personas)
    app.state.stop = partial(signal.raise_signal, signal.SIGTERM)

    def listening(url: str) -> None:
        ready(url)
        if first_link is not None:  # kept, because the loop itself does not keep its tasks
            app.state.telling = asyncio.get_running_loop().create_task(_tell_first_link(app, url, first_link))

    try:
        listen(app, house.settings.host, house.settings.port, listening, proxies=house.settings.proxies)
    except ListeningFailed as stopped:
        cause = getattr(app.state, "failure", None)
        raise ServingFailed(f"serve: {cause or stopped}") from cause or stopped
    if (failure := getattr(app.state, "failure", None)) is not None:
        raise ServingFailed(f"serve: {failure}") from failure


async def _tell_first_link(app: FastAPI, url: str, tell: Callable[[str], None]) -> None:
    service: Service = app.state.service
    place = Place.of(service.doors.settings.url or f"http://localhost:{urlsplit(url).port}")
    try:
        link = await first_way_in(service.ledger, service.doors, place)
    except Exception as error:
        # Serving goes on: there is nobody to wait for it but the one who may start it again.
        _log.error("no link for the first administrator could be made (%s); start again", type(error).__qualname__)
        return
    if link is not None:
        tell(link)
