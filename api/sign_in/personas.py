"""Personas: the people of a demonstration, as whom anybody at this machine may sign in.

Only ``record-ledger demo`` makes any, of a ledger that it made itself: no setting and no argument of ``serve`` does.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from api.loopback import is_loopback
from api.settings import Settings
from api.sign_in.session import SignInRefused


class NotADemonstration(Exception):
    """The service would be reached from elsewhere, so nobody may be let in without showing who they are."""


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody of the story: their id and name, who they are in it, and what they act as."""

    person: str
    name: str
    part: str
    acting_as: str


@dataclass(frozen=True, slots=True)
class Trial:
    """Something to try: as whom, on which page (a path), what it is called and what to do there."""

    person: str
    acting_as: str
    to: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Personas:
    """Everybody as whom one may sign in, and what there is to try."""

    cast: tuple[Persona, ...]
    trials: tuple[Trial, ...] = ()

    def find(self, person: str, acting_as: str | None = None) -> Persona:
        """The persona with this id, acting as this if anything is named; raises SignInRefused."""
        for one in self.cast:
            if one.person == person and acting_as in (None, one.acting_as):
                return one
        raise SignInRefused("invalid_request", "person: got nobody of this demonstration; choose one on /demo")


def check_this_machine_only(settings: Settings) -> None:
    """Raise NotADemonstration if the settings let anybody but this machine reach the service."""
    if not is_loopback(settings.host):
        raise NotADemonstration(_told("LEDGER_HOST", settings.host))
    if settings.url is not None and not is_loopback(urlsplit(settings.url).hostname or ""):
        raise NotADemonstration(_told("LEDGER_URL", settings.url))
    if settings.proxies:
        raise NotADemonstration(_told("LEDGER_PROXIES", settings.proxies))


def _told(name: str, value: str) -> str:
    return (
        f"demo: got {name} {value}, wanted none, or this machine's: in a demonstration anybody is let in as anybody."
        f" Unset {name}, or serve a ledger of your own with record-ledger serve."
    )
