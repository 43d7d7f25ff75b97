"""How often is tried what is tried by lot: seldom as a rule, and ``THOROUGH=1 make test`` tries all of it.

What a round adds to the one before is little, and every change waits for it; the long run is for a night, or for who
has changed what is tried. A variable of a module's own goes before both.
"""

import os

THOROUGH = os.environ.get("THOROUGH", "") not in ("", "0")


def times(few: int, many: int, named: str = "") -> int:
    """``few``, or ``many`` where somebody is thorough; or what the environment says under a name of its own."""
    return int(os.environ.get(named) or (many if THOROUGH else few))
