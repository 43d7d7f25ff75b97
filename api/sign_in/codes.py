"""Codes that people read out, write down and type: letters and digits that cannot be taken for one another."""

import secrets
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""32 of them, so five bits each; neither 0 and O nor 1 and I are among them."""
_IN_A_GROUP: Final = 4
_LONGEST: Final = 64


def fresh_code(length: int) -> str:
    """A code of so many characters, at random, with a hyphen after every fourth: ``K7QM-2XHD``."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(length))
    return "-".join(drawn[at : at + _IN_A_GROUP] for at in range(0, length, _IN_A_GROUP))


def bare(typed: str) -> str:
    """A code as it is compared: however it was typed, in capitals, without spaces and hyphens; at most 64 of it."""
    return "".join(typed[: 2 * _LONGEST].split()).replace("-", "").upper()[:_LONGEST]
