"""Numbers by which others know somebody. They stand in words alone: sealed, and erasable with them."""

from typing import Final

from nhs_number.standardise import standardise_format
from nhs_number.validate import calculate_checksum, is_valid

from ledger.core.errors import MalformedStatement
from ledger.core.shapes import members, one_of, text

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
"""The system of NHS numbers, as FHIR UK Core names it."""
_DIGITS: Final = frozenset("0123456789")
_WITH: Final = members({"system": one_of(NHS_NUMBER), "value": text})


def identifier(what: str, value: object) -> None:
    """A number and the system that it is of; an NHS number is ten digits, the last of which checks the others.

    Raises MalformedStatement, which does not repeat the number: what is refused is told and logged in many places.
    """
    _WITH(what, value)
    number = value["value"] if isinstance(value, dict) else ""
    # Only that it can be one: which ranges are in use changes, and a shape never narrows.
    if len(number) != 10 or not _DIGITS.issuperset(number) or _last_of(number) != int(number[-1]):
        raise MalformedStatement(
            f"{what}.value", got="something else", wanted="an NHS number: ten digits without spaces, the last one right"
        )


def _last_of(number: str) -> int | None:
    """The check digit of an NHS number by modulus 11; 10 where there is none (NHS Data Dictionary, NHS NUMBER)."""
    return calculate_checksum(number[:9])


def nhs_number_of(typed: str) -> dict[str, str]:
    """The identifier of an NHS number as people write it, in groups of three, three and four.

    Raises MalformedStatement for what is none, also for a number that was never given out.
    """
    value = standardise_format(typed) if typed.isascii() else ""
    if not value or not is_valid(value):
        raise MalformedStatement(
            "nhs_number", got="something else", wanted="ten digits, the last of which checks the others; type it again"
        )
    return {"system": NHS_NUMBER, "value": value}
