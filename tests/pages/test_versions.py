"""Two versions of a text side by side."""

from hypothesis import given
from hypothesis import strategies as st

from api.pages.versions import compared

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30), max_size=8).map("\n".join)


@given(TEXTS, TEXTS)
def test_versions_side_by_side_have_every_word_of_both(old: str, new: str) -> None:
    both = compared(old, new)
    assert "".join(part.text for part in both.old) == old + "\n"
    assert "".join(part.text for part in both.new) == new + "\n"
    same = ["".join(part.text for part in side if part.same) for side in (both.old, both.new)]
    assert same[0] == same[1]


def test_only_what_changed_is_marked() -> None:
    both = compared("Ring my sister first.\nShe has the key.", "Ring my brother first.\nShe has the key.")
    assert [part.text for part in both.old if not part.same] == ["sister "]
    assert [part.text for part in both.new if not part.same] == ["brother "]


def test_versions_too_long_to_compare_are_shown_whole_and_say_so() -> None:
    both = compared("a\n" * 1500, "b\n" * 1500)
    assert (both.in_full, [part.same for part in both.old]) == (False, [True])
