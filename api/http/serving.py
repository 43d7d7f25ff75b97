"""Serving the API of a house."""

import signal
from collections.abc import Callable
from functools import partial

from api.http.app import create_app
from api.listening import ListeningFailed, listen
from api.sign_in.personas import Personas
from api.wiring import House


class ServingFailed(Exception):
    """The service could not start, or not go on."""


def serve(house: House, ready: Callable[[str], None] = lambda url: None, *, personas: Personas | None = None) -> None:
    """Serve a house until SIGINT or SIGTERM; ``ready`` hears the URL. ``personas`` are the demonstration's to give.

    Raises ServingFailed where it cannot start, and where it had to stop because its database went back.

    It must be called in the main thread, which hears the signals. Logging is the caller's to set up: the logger
    ``record_ledger.access`` has one line for each answer, without path, query or words.
    """
    app = create_app(house, personas)
    app.state.stop = partial(signal.raise_signal, signal.SIGTERM)
    try:
        listen(app, house.settings.host, house.settings.port, ready, proxies=house.settings.proxies)
    except ListeningFailed as stopped:
        cause = getattr(app.state, "failure", None)
        raise ServingFailed(f"serve: {cause or stopped}") from cause or stopped
    if (failure := getattr(app.state, "failure", None)) is not None:
        raise ServingFailed(f"serve: {failure}") from failure
