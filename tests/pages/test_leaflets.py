"""Leaflets: those that come along can be read and trusted, and a folder of one's own is shown or refused as a whole."""

import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from markupsafe import Markup

from api.pages.leaflets import Leaflet, LeafletError, read_leaflets, read_library
from api.pages.leaflets.front_matter import is_on_the_web
from api.pages.leaflets.library import LONGEST, MOST
from api.settings import Settings, SettingsError, read_settings
from tests.pages.reading_age import grade, sentences, spoken_words

BUILT_IN = read_leaflets(Settings(leaflets=None))
SUBJECTS = {
    "advance-statements",
    "emergency-access",
    "if-something-is-wrong",
    "in-a-crisis",
    "lasting-power-of-attorney",
    "looking-after-yourself",
    "refusing-a-treatment-in-advance",
    "sharing-my-record",
    "what-a-carer-can-be-told",
    "when-somebody-cannot-decide",
    "who-has-looked",
    "young-people-and-their-parents",
}
HEAD = """\
order = 1
title = "Falls"
summary = "How not to fall."
audience = ["carers"]
written = 2026-11-01
review_by = 2027-11-01

[[sources]]
title = "NHS: falls"
url = "https://www.nhs.uk/conditions/falls/"
checked = 2026-11-02
"""
Write = Callable[..., Path]

each_leaflet = pytest.mark.parametrize("leaflet", BUILT_IN, ids=lambda leaflet: leaflet.name)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def leaflet(words: str = "Mind the step.\n", *, name: str = "falls.md", head: str = HEAD) -> Path:
        (tmp_path / name).write_text(f"+++\n{head}+++\n{words}", encoding="utf-8")
        return tmp_path

    return leaflet


def refusal(folder: Path) -> str:
    with pytest.raises(LeafletError) as refused:
        read_library(folder)
    return str(refused.value)


def shown(folder: Path) -> Markup:
    (leaflet,) = read_library(folder)
    return leaflet.html


# Those that come along.


def test_every_subject_has_its_leaflet_once() -> None:
    names = [leaflet.name for leaflet in BUILT_IN]
    assert set(names) == SUBJECTS
    assert len(names) == len(SUBJECTS)


def test_whom_to_call_comes_first() -> None:
    crisis = BUILT_IN[0]
    assert crisis.name == "in-a-crisis"
    assert all(number in crisis.html for number in ("999", "111", "option 2", "116 123", "85258", "0800 1111"))


@each_leaflet
def test_a_leaflet_says_where_it_comes_from_and_until_when(leaflet: Leaflet) -> None:
    assert leaflet.sources
    assert all(source.url.startswith("https://") for source in leaflet.sources)
    assert leaflet.written < leaflet.review_by
    assert leaflet.is_due(date(2027, 12, 1))
    assert not leaflet.is_due(leaflet.review_by)


@each_leaflet
def test_a_leaflet_is_short(leaflet: Leaflet) -> None:
    assert 250 <= len(spoken_words(leaflet)) <= 500


@each_leaflet
def test_a_leaflet_can_be_read_by_most_people(leaflet: Leaflet) -> None:
    assert grade(sentences(leaflet)) <= 7


@each_leaflet
def test_headings_lie_below_the_page_s_own(leaflet: Leaflet) -> None:
    levels = [int(level) for level in re.findall(r"<h(\d)>", leaflet.html)]
    assert levels[0] == 2
    assert set(levels) <= {2, 3}


@each_leaflet
def test_a_leaflet_is_no_more_than_text_lists_and_links(leaflet: Leaflet) -> None:
    tags = set(re.findall(r"<([a-z]+\d?)", leaflet.html))
    assert tags <= {"h2", "h3", "p", "ul", "ol", "li", "strong", "em", "a"}
    assert all(url.startswith("https://") for url in re.findall(r'href="([^"]*)"', leaflet.html))


def test_carers_patients_parents_and_young_people_each_find_some() -> None:
    assert {one for leaflet in BUILT_IN for one in leaflet.audience} == {
        "carers",
        "patients",
        "parents",
        "young people",
    }


# A folder of one's own.


def test_a_folder_of_ones_own_replaces_the_library(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_LEAFLETS", str(write("# Stairs\n\nMind the *step*.\n")))
    (leaflet,) = read_leaflets(read_settings())
    assert (leaflet.name, leaflet.title, leaflet.audience) == ("falls", "Falls", ("carers",))
    assert leaflet.html == Markup("<h2>Stairs</h2>\n<p>Mind the <em>step</em>.</p>\n")
    assert leaflet.checked == date(2026, 11, 2)


def test_a_folder_that_is_wrong_is_told_with_its_variable_and_what_to_do(write: Write) -> None:
    with pytest.raises(SettingsError) as refused:
        read_leaflets(Settings(leaflets=write(head=HEAD.replace("carers", "everyone"))))
    assert str(refused.value).startswith("LEDGER_LEAFLETS: falls.md: audience.0: got 'everyone', wanted ")
    assert str(refused.value).endswith("start again.")


def test_they_are_in_the_order_that_they_say_and_then_by_name(write: Write) -> None:
    for name, order in {"b": 2, "c": 1, "a": 2}.items():
        folder = write(name=f"{name}.md", head=HEAD.replace("order = 1", f"order = {order}").replace("Falls", name))
    assert [leaflet.name for leaflet in read_library(folder)] == ["c", "a", "b"]


def test_a_leaflet_counts_as_checked_only_when_each_source_is(write: Write) -> None:
    more = '\n[[sources]]\ntitle = "Age UK"\nurl = "https://www.ageuk.org.uk/"\n'
    (some,) = read_library(write(head=HEAD + more))
    (all_of_them,) = read_library(write(head=HEAD + more + "checked = 2026-11-09\n"))
    assert (some.checked, all_of_them.checked) == (None, date(2026, 11, 2))


def test_html_in_the_words_stays_text(write: Write) -> None:
    html = shown(
        write('Hello <script>alert(1)</script> <img src=x onerror="alert(1)">\n\n<div onclick="x()">you</div>\n')
    )
    assert not re.search(r"<(?!/?p>)", html)
    assert "&lt;script&gt;" in html
    assert "&lt;div onclick=" in html


def test_quotes_are_curled(write: Write) -> None:
    assert shown(write('Ask: "Is it Amina\'s?"\n')) == "<p>Ask: “Is it Amina’s?”</p>\n"


def test_a_picture_is_not_loaded(write: Write) -> None:
    assert "<img" not in shown(write("![a map](https://maps.example/map.png)\n"))


@pytest.mark.parametrize("link", ["[me](https://a.example/?a=1&b=2)", "<https://a.example/?a=1&b=2>"])
def test_a_link_to_the_web_is_kept(write: Write, link: str) -> None:
    assert 'href="https://a.example/?a=1&amp;b=2"' in shown(write(link))


@pytest.mark.parametrize(
    "link",
    [
        "[me](javascript:alert(1))",
        "[me](JaVaScRiPt:alert(1))",
        "[me](data:text/html;base64,PGI+)",
        "[me](/account)",
        "[me](//elsewhere.example)",
        "[me](mailto:amina@example.org)",
        "[me](https://nhs.uk@elsewhere.example)",
        "[me](https:)",
        "[me](http://[)",
        "<ftp://a.example>",
        "[me][1]\n\n[1]: vbscript:x",
        "*a [**b**](file:///etc/passwd)*",
        "- in a list\n\n  > [me](tel:999)",
    ],
)
def test_a_link_elsewhere_stops_the_start(write: Write, link: str) -> None:
    assert re.match(r"falls\.md: got a link to '.*', wanted http:// or https:// and a host$", refusal(write(link)))


@pytest.mark.parametrize(
    ("words", "html"),
    [
        ("# A\n## B\n# C", "<h2>A</h2>\n<h3>B</h3>\n<h2>C</h2>\n"),
        ("### A\n#### B", "<h2>A</h2>\n<h3>B</h3>\n"),
        ("A\n=\nB\n-", "<h2>A</h2>\n<h3>B</h3>\n"),
    ],
)
def test_headings_are_lowered_together(write: Write, words: str, html: str) -> None:
    assert shown(write(words)) == html


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("# A\n### B", "got a heading of level 3 after level 1, wanted no level left out"),
        ("## B\n# A", "got a heading of level 2 after level 0, wanted no level left out"),
        (
            "# 1\n## 2\n### 3\n#### 4\n##### 5\n###### 6",
            "got a heading of level 6 after level 5, wanted no level left out",
        ),
        (" \n", "got nothing after the head, wanted the leaflet's words"),
    ],
)
def test_words_that_no_page_can_hold_stop_the_start(write: Write, words: str, fault: str) -> None:
    assert refusal(write(words)) == f"falls.md: {fault}"


@pytest.mark.parametrize(
    ("was", "put", "fault"),
    [
        ("order = 1", "order = 0", "order: got 0, wanted otherwise: "),
        ("order = 1", 'order = "1"', "order: got '1', wanted otherwise: "),
        ("order = 1", "", "order: got "),
        ('"Falls"', '"  "', "title: got '  ', wanted otherwise: "),
        ('"Falls"', r'"Fa\nlls"', r"title: got 'Fa\nlls', wanted otherwise: "),
        ('["carers"]', "[]", "audience: got [], wanted otherwise: "),
        ("2027-11-01", "2026-11-01", "review_by: got 2026-11-01, wanted a day after it was written, 2026-11-01"),
        ("2026-11-01", '"2026-11-01"', "written: got '2026-11-01', wanted otherwise: "),
        ("2026-11-02", "2026-10-31", "sources: https://www.nhs.uk/conditions/falls/: got checked 2026-10-31, wanted "),
        (
            "https://www.nhs.uk/",
            "ftp://www.nhs.uk/",
            "sources: got the URL 'ftp://www.nhs.uk/conditions/falls/', wanted ",
        ),
        ("https://www.nhs.uk/", "https://www.nhs.uk/ /", "sources: got the URL "),
        ("checked =", "cheked =", "sources.0.cheked: got "),
        ("[[sources]]", "[[source]]", "sources: got "),
        ('title = "Falls"', "title = Falls", "its head is no TOML: "),
        ('title = "Falls"', 'title = "Falls"\ntitle = "Stairs"', "its head is no TOML: "),
    ],
)
def test_a_head_that_is_wrong_is_named(write: Write, was: str, put: str, fault: str) -> None:
    assert was in HEAD
    assert refusal(write(head=HEAD.replace(was, put, 1))).startswith(f"falls.md: {fault}")


def test_a_source_is_told_once(write: Write) -> None:
    again = HEAD + HEAD.partition("\n\n")[2]
    assert refusal(write(head=again)) == "falls.md: sources: got the same URL twice, wanted each once"


@pytest.mark.parametrize(
    "text", ["", "# Falls\n", f"+++\n{HEAD}", f"---\n{HEAD}+++\nwords", f"\n+++\n{HEAD}+++\nwords"]
)
def test_a_file_without_a_head_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "falls.md").write_text(text)
    assert refusal(tmp_path).endswith("in line 1, wanted a head in TOML between two lines of +++")


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    (tmp_path / "falls.md").write_bytes(f"+++\n{HEAD}+++\nMind the step.\n".replace("\n", "\r\n").encode())
    assert shown(tmp_path) == "<p>Mind the step.</p>\n"


@pytest.mark.parametrize(
    "name", ["Falls.md", "falls .md", "-falls.md", "fällt.md", ".md.md", "a" * 65 + ".md", "f--l.md"]
)
def test_a_name_that_is_no_address_is_refused(write: Write, name: str) -> None:
    folder = write(name=name)
    said = refusal(folder)
    assert "wanted a name of lower-case letters" in said or "got no leaflet" in said


def test_two_of_the_same_title_are_refused(write: Write) -> None:
    write(name="a.md")
    assert refusal(write(name="b.md", head=HEAD.replace("Falls", "FALLS"))) == (
        "b.md: got the title of a.md, wanted titles that differ"
    )


def test_what_is_no_leaflet_is_refused_and_what_is_hidden_is_not_seen(write: Write) -> None:
    folder = write()
    (folder / ".DS_Store").write_bytes(b"\xff")
    assert len(read_library(folder)) == 1
    (folder / "notes.txt").touch()
    assert "got 'notes.txt', wanted nothing but files NAME.md" in refusal(folder)


@pytest.mark.timeout(10)
def test_a_pipe_does_not_keep_the_service_from_starting(write: Write) -> None:
    folder = write()
    os.mkfifo(folder / "pipe.md")
    assert "got 'pipe.md', wanted nothing but files NAME.md" in refusal(folder)


def test_a_folder_within_the_folder_is_refused(write: Write) -> None:
    (write() / "more.md").mkdir()
    assert "got 'more.md'" in refusal(write())


def test_a_file_that_is_too_long_is_refused(write: Write) -> None:
    assert refusal(write("a" * LONGEST)) == f"falls.md: got more than {LONGEST} bytes, wanted a leaflet, which is short"


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "falls.md").write_bytes(b"+++\n\xff")
    assert refusal(tmp_path) == "falls.md: got a byte 0xff at 4, wanted UTF-8"


def test_a_folder_with_too_many_is_refused(tmp_path: Path) -> None:
    for number in range(MOST + 1):
        (tmp_path / f"{number}.md").touch()
    assert refusal(tmp_path).endswith(f"got {MOST + 1} files, wanted {MOST} at most")


def test_no_folder_and_an_empty_one_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).endswith("got no leaflet, wanted files NAME.md")
    assert "wanted a folder of files NAME.md" in refusal(tmp_path / "missing")
    (tmp_path / "file").touch()
    assert "wanted a folder of files NAME.md" in refusal(tmp_path / "file")


def test_a_url_with_what_cannot_be_seen_is_not_of_the_web() -> None:
    assert is_on_the_web("https://www.nhs.uk/")
    assert not is_on_the_web("https://www.nhs.uk/\u202e")


def test_the_measure_tells_plain_words_from_hard_ones() -> None:
    assert grade(["The cat sat on the mat.", "It was glad."]) < 1
    assert (
        grade(["Notwithstanding considerable organisational complexity, practitioners prioritise confidentiality."])
        > 20
    )
