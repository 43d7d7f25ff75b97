"""Where browsers reach the service: its origin (RFC 6454). Cookies and passkeys are good there and nowhere else."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request

from api.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """``origin``, as a browser writes it; ``rp``, the relying party id of its passkeys (WebAuthn): the host."""

    origin: str
    rp: str

    @classmethod
    def of(cls, url: str) -> "Place":
        """The place of a URL with neither path nor query. Browsers leave a scheme's own port out of an origin."""
        parts = urlsplit(url)
        usual = {"https": 443, "http": 80}.get(parts.scheme)
        return cls(url.removesuffix(f":{usual}"), parts.hostname or "")


def place_of(request: Request, settings: Settings) -> Place:
    """The configured place; without one, localhost at the port that the service really listens on.

    Never what a ``Host`` header says: whoever sends a request chooses that.
    """
    if settings.url is not None:
        return Place.of(settings.url)
    server = request.scope.get("server")
    return Place.of(f"http://localhost:{server[1] if server else settings.port}")
