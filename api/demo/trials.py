"""What to try in a demonstration: each as somebody, on one page, with what to do there and what to look for."""

from collections.abc import Mapping

from api.demo.cast import Cast
from api.pages import places
from api.pages.language import marked
from api.sign_in.personas import Trial
from ledger.saying import By


def trials(cast: Cast, items: Mapping[str, str]) -> tuple[Trial, ...]:
    """Five that take two minutes together."""
    record = cast.record

    def trial(by: By, place: str, title: str, text: str) -> Trial:
        return Trial(by.person, by.acting_as, place, title, text)

    return (
        trial(
            cast.amina, places.ITEM(record=record, item=items["letter"]),
            marked("Correct a letter"),
            marked("A hospital letter named the wrong knee. Amina said so, her doctor corrected it, and both still"
                   " stand there. Comment on some words of it yourself."),
        ),
        trial(
            cast.amina, places.SHARING(record=record),
            marked("Choose who sees what"),
            marked("Let Sam see letters, but not this one. Then look at the record as he sees it now."),
        ),
        trial(
            cast.sam, places.CARED_FOR(),
            marked("Be Sam, her son"),
            marked("You find what Amina shares. Look for a hint that there is more: a gap, a number, an empty heading."
                   " There is none."),
        ),
        trial(
            cast.okafor, places.TODAY(),
            marked("Be her doctor, and answer"),
            marked("Amina says that a sentence in a letter is wrong, and asks about an alarm. Both wait for an answer,"
                   " and so do others."),
        ),
        trial(
            cast.amina, places.LOOKS(record=record),
            marked("See who has looked"),
            marked("A doctor whom Amina does not know opened her record as an emergency. See what he saw and why, and"
                   " ask him."),
        ),
    )  # fmt: skip
