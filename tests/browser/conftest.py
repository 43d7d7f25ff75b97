"""A town for each module of tests: a service in a process of its own, and Chromium in front of it.

Playwright's loop runs for as long as the browser is open, beside which no other test could run its own: so a module.
"""

from collections.abc import Iterator

import pytest

from api.postgres import EmbeddedPostgres
from tests.browser.driver import Tab, chromium
from tests.browser.place import serving
from tests.browser.town import SIGNED, Town, found, write
from tests.postgres_fixture import Database, new_database


@pytest.fixture(scope="module")
def town(
    postgres: EmbeddedPostgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """The people of the story, who came in by the pages of a service that really runs."""
    with (
        new_database(postgres, migrated_template) as name,
        serving(Database(postgres, name), tmp_path_factory.mktemp("place")) as place,
        chromium(place.base) as browser,
    ):
        yield found(place, browser)


@pytest.fixture(scope="module")
def amina(town: Town) -> Iterator[Tab]:
    """Amina's own device: signed in, with a key that has signed something. Tests leave it so."""
    with town.at(town.amina, clean=False) as tab:
        assert SIGNED in write(tab, "To begin with.")
        yield tab
