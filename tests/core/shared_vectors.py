"""Where the vectors of others are, on machines that have them beside the checkout."""

import os
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
VECTORS = Path(os.environ.get("LEDGER_SHARED_DATA", _BESIDE)) / "vectors"


def vector_files(folder: str) -> list[Any]:
    """Parameters for every JSON file below a folder, named by its path; one skipped where the folder is absent."""
    root = VECTORS / folder
    files = sorted(root.rglob("*.json"))
    if not files:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no vectors here: {root} is absent"))]
    return [pytest.param(file, id=str(file.relative_to(root).with_suffix(""))) for file in files]
