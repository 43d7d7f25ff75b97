"""Bundles of one record, written once for all tests that only read them."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.postgres import EmbeddedPostgres
from tests.bundle.scene import exported, tell_everything
from tests.postgres_fixture import Database, new_database
from tests.story import story_of


@dataclass(frozen=True)
class Bundles:
    """The files of Amina, of Dr Okafor and of Sam, and the items by name."""

    patient: Path
    clinician: Path
    carer: Path
    told: dict[str, str]


@pytest.fixture(scope="session")
def bundles(postgres: EmbeddedPostgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    """The bundles of the three readers of one record in which something of everything was said."""
    folder = tmp_path_factory.mktemp("bundles")
    with new_database(postgres, migrated_template) as name:
        return asyncio.run(_write(Database(postgres, name), folder))


async def _write(database: Database, folder: Path) -> Bundles:
    async with story_of(database) as story:
        told = await tell_everything(story)
        await story.share({"kind": "kind", "of": "plan-for-carers"})
        await story.share({"kind": "kind", "of": "letter"})
        written = Bundles(folder / "amina.zip", folder / "okafor.zip", folder / "sam.zip", told)
        await exported(story, written.patient, story.amina)
        await exported(story, written.clinician, story.okafor)
        await exported(story, written.carer, story.sam)
        await story.assert_sound()
    return written
