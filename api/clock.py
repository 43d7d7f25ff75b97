"""The machine's clock. Apart from all else, so that a command which needs no ledger does not load one."""

import time

from ledger.core.instants import Instant


def clock() -> Instant:
    """The present instant, in milliseconds since 1970."""
    return Instant(time.time_ns() // 1_000_000)
