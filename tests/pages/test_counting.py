"""Numbers in messages are written as the reader's language writes them, whoever forgot to say so in a template."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.support import NullTranslations
from jinja2 import Environment

from api.pages.catalogue import messages
from api.pages.counting import with_numbers
from api.pages.forms import Filled
from api.pages.language import Language, speak, spoken
from api.pages.rendering import _templates

SAID = {
    "{% trans count=n %}{{ count }} item{% pluralize %}{{ count }} items{% endtrans %}": "1.234.567 items",
    "{% trans n=n %}Place {{ n }} in the log{% endtrans %}": "Place 1.234.567 in the log",
    "{% trans n=n|number %}Place {{ n }} in the log{% endtrans %}": "Place 1.234.567 in the log",
    "{{ ngettext('Add this line', 'Add these %(num)s lines', n) }}": "Add these 1.234.567 lines",
    "{{ _('%(n)s of %(all)s%%', n=n, all=2.5) }}": "1.234.567 of 2,5%",
    "{% trans year='2026' %}In {{ year }}{% endtrans %}": "In 2026",
    "{% trans yes=true %}It is {{ yes }}{% endtrans %}": "It is True",
    "{% trans name='<b>' %}By <i>{{ name }}</i>{% endtrans %}": "By <i>&lt;b&gt;</i>",
}


@pytest.fixture
def german() -> Iterator[Environment]:
    before = spoken()
    speak(Language(Locale.parse("de"), NullTranslations(), ZoneInfo("Europe/Berlin")))
    yield _templates
    speak(before)


@pytest.mark.parametrize("template", SAID)
def test_a_template_says_numbers_as_the_language_writes_them(german: Environment, template: str) -> None:
    assert german.from_string(template).render(n=1_234_567) == SAID[template]


def test_how_much_may_be_written_is_said_so_before_any_script_runs(german: Environment) -> None:
    asked = (
        """{% from "kit/forms.html" import text_area with context %}{{ text_area(form, "text", "Words", max=60000) }}"""
    )
    page = german.from_string(asked).render(form=Filled({}, ""))
    assert "You can enter up to 60.000 characters" in page


def test_code_says_them_so_as_well(german: Environment) -> None:
    assert with_numbers("%(got)s lines for %(whom)s", got=12_000, whom="Sam") == "12.000 lines for Sam"


def test_no_message_has_a_number_put_in_as_a_program_writes_it() -> None:
    forms = [form for one in messages() for form in ((one,) if isinstance(one, str) else one)]
    assert [form for form in forms if "%" in form and any(f"){kind}" in form for kind in "dif")] == []
