"""Leaflets: general information for patients and carers, tailored to nobody, read once at the start.

Those that come along are in `library`; `LEDGER_LEAFLETS` names a folder of one's own, which replaces them all. A
leaflet is a file `NAME.md`: TOML between two lines of `+++`, then Markdown (CommonMark) with no HTML of its own.
"""

from importlib.resources import files

from api.pages.leaflets.front_matter import LeafletError, Source
from api.pages.leaflets.library import Leaflet, read_library
from api.settings import Settings, SettingsError

__all__ = ["Leaflet", "LeafletError", "Source", "read_leaflets", "read_library"]


def read_leaflets(settings: Settings) -> tuple[Leaflet, ...]:
    """The leaflets of ``LEDGER_LEAFLETS``, or those that come along, in their order.

    Raises SettingsError for a folder of one's own that cannot be shown as it is.
    """
    if settings.leaflets is None:
        return read_library(files("api.pages.leaflets") / "library")
    try:
        return read_library(settings.leaflets)
    except LeafletError as error:
        raise SettingsError(
            f"LEDGER_LEAFLETS: {error}. Correct it, or unset it to show those that come along, and start again."
        ) from error
