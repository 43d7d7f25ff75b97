"""One text of several fields: what is written in them comes back, and what was written otherwise is kept whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.pages import about_me, wishes
from api.pages.headed import OWN, Prompts, fields_of, headings_of, text_of

HEADINGS = {"matters": "What matters", "upsets": "What upsets me"}
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=30)
PROMPTS = {"about me": about_me.PROMPTS, "wishes": wishes.PROMPTS}
each = pytest.mark.parametrize("prompts", PROMPTS.values(), ids=list(PROMPTS))


@each
@given(data=st.data())
def test_what_is_written_in_the_fields_is_one_text_and_comes_back(prompts: Prompts, data: st.DataObject) -> None:
    headings = headings_of(prompts)
    fields = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys((OWN, *headings), WORDS)))
    kept = {name: words.strip() for name, words in fields.items() if words.strip()}
    found = fields_of(text_of(fields, headings), headings)
    assert {name: words for name, words in found.items() if words} == kept


@each
@given(data=st.data())
def test_no_word_of_a_text_is_lost_in_the_fields_however_it_was_written(prompts: Prompts, data: st.DataObject) -> None:
    headings = headings_of(prompts)
    text = data.draw(st.lists(WORDS | st.sampled_from(list(headings.values())), max_size=8).map("\n".join))
    assert text_of(fields_of(text, headings), headings) == text.strip()


def test_each_field_stands_under_its_heading() -> None:
    fields = {OWN: "Be kind.", "matters": "Music.\n\nLight.", "upsets": "Noise."}
    text = text_of(fields, HEADINGS)
    assert text == "Be kind.\n\nWhat matters\nMusic.\n\nLight.\n\nWhat upsets me\nNoise."
    assert fields_of(text, HEADINGS) == fields


@pytest.mark.parametrize(
    "text",
    ["What upsets me\nNoise\n\nWhat matters\nThe sea", "Words\nWhat matters\nThe sea", "What matters", "Hello"],
    ids=["another order", "no empty line", "a heading alone", "no heading"],
)
def test_what_was_written_otherwise_is_kept_whole(text: str) -> None:
    assert fields_of(text, HEADINGS) == {OWN: text}
