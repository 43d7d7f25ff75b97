"""What the law asks of withholding, disputes and erasure, where a decision shows it."""

from ledger.core.terms import BASES, GROUNDS
from tests.core.disclosure.rows import row
from tests.core.story import AMINA, GRETA, LIND, MOSS, OKAFOR, Story, named, person


@row("Third-party information: item by item")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other")
    answer = story.item("answer", LIND, kind="comment", parent=note, concern="comment")
    story.withholding(note, "patient", "third-party")
    assert story.rule(AMINA, "patient", note) == story.rule(AMINA, "patient", answer) == "-withheld:third-party"
    assert story.rule(AMINA, "patient", other) == "+own-record"


@row("not withheld merely because it names a professional")
def _(story: Story) -> None:
    note = story.item("note of Dr Lind, about Dr Okafor", LIND)
    assert story.rule(AMINA, "patient", note) == "+own-record"
    grounds = ("serious-harm", "third-party", "safeguarding", "carer-confidence", "agreed", "domestic-abuse")
    assert grounds == GROUNDS  # none of them is that a professional is named


@row("a refusal is reviewed by a second professional")
def _(story: Story) -> None:
    note = story.item("note")
    dispute = story.item("dispute", AMINA, "patient", kind="comment", parent=note, concern="dispute")
    story.care(person(MOSS))
    review = {"item": dispute, "outcome": "upheld"}
    assert story.may("dispute-reviewed/1", MOSS, "clinician", **review) == "-nothing-to-review"
    story.clinician("dispute-answered/1", LIND, item=dispute, outcome="declined")
    assert story.may("dispute-reviewed/1", LIND, "clinician", **review) == "-same-clinician"
    assert story.may("dispute-reviewed/1", MOSS, "clinician", **review) == "+in-care"


@row("Erasure has a lawful basis")
def _(story: Story) -> None:
    note = story.item("note")
    asked = {"item": note, "erasure": named("fresh"), "answers": False}
    for basis in BASES:
        assert story.may("erasure-asked/1", AMINA, "patient", basis=basis, **asked) == "+patient"
        assert story.may("erasure-asked/1", OKAFOR, "clinician", basis=basis, **asked) == "-not-the-patient"
    erasure = story.asked(note, GRETA, "guardian")
    about = {"item": note, "erasure": erasure, "basis": "court-order"}
    alone = {"erased": (len(story.said) - 2, len(story.said) - 1)}
    assert story.may("content-erased/1", GRETA, "guardian", through=alone, **about) == "-same-guardian"
