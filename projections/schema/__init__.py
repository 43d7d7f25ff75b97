"""The tables of the projections: numbered SQL files that ``ledger.store.migrate`` applies."""

from pathlib import Path
from typing import Final

SCHEMA_FOLDER: Final = Path(__file__).parent
