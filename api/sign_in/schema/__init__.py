"""The tables of signing in: who is let in, until when. Nothing here is evidence; what was said is in the log."""

from pathlib import Path
from typing import Final

SCHEMA_FOLDER: Final = Path(__file__).parent
