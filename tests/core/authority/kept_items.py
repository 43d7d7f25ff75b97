"""What is kept of items: withholding, holds, advance statements, and words erased."""

from typing import Any

from ledger.core.instants import DAY, Instant
from tests.core.authority.rows import FRESH_ID, about_record, adding, answer, row, withholding
from tests.core.story import AMINA, EVERYTHING, GRETA, LIND, MOSS, OKAFOR, RECORD, SAM, SERVICE, Story, named


@row("withholding, online-hidden: a clinician with a care relationship, on a ground that fits and a fresh opinion")
def _(story: Story) -> None:
    note = story.item("note")
    assert withholding(story, note) == "+in-care"
    assert withholding(story, note, MOSS) == withholding(story, named("nothing"), MOSS) == "-not-in-care"
    assert withholding(story, note, AMINA, "patient") == "-role-missing"
    assert withholding(story, note, ground="agreed") == "-ground-for-screens-only"
    assert withholding(story, note, ground="agreed", from_="screen") == "+in-care"
    assert withholding(story, note, opinion_date="2026-05-05") == "-opinion-to-come"
    assert withholding(story, note, opinion_date="2025-11-04") == "-opinion-out-of-date"
    assert withholding(story, note, opinion_date="2025-11-05") == "+in-care"
    assert withholding(story, note, opinion_date="2025-11-04", ground="third-party") == "+in-care"
    assert withholding(story, note, review_date="2026-05-03") == "-review-in-the-past"
    assert withholding(story, note, withholding=note) == "-already-said"


@row("withholding: withdrawn by whom made it or the guardian")
def _(story: Story) -> None:
    note, abuse = story.item("note"), story.item("abuse", topics=["domestic-abuse"])
    made = story.withholding(note, "patient", "third-party")

    def lift(who: str, acting: str, item: str = note, which: str = made) -> str:
        return about_record(story, "withholding-lifted/1", who, acting, item=item, withholding=which)

    assert lift(OKAFOR, "clinician") == "+in-care"
    assert lift(GRETA, "guardian") == "+guardian"
    assert lift(LIND, "clinician") == "-not-the-author"
    assert lift(AMINA, "patient") == "-role-missing"
    assert lift(LIND, "clinician", abuse, abuse) == "+in-care"
    assert lift(LIND, "clinician", note, note) == lift(OKAFOR, "clinician", note, FRESH_ID) == "-unknown-withholding"


@row("a result is held at most 14 days, and released by a clinician, or by the patient who asked to be told first")
def _(story: Story) -> None:
    story.patient("results-wish-stated/1", wish="tell-me-first")
    result, note = story.item("result", kind="result"), story.item("note")
    added = story.now

    def hold(item: str, until: int, who: str = OKAFOR) -> str:
        return about_record(story, "result-held/1", who, "clinician", item=item, until=until)

    def release(who: str, acting: str, item: str) -> str:
        return about_record(story, "result-released/1", who, acting, item=item)

    assert hold(result, added + 13 * DAY) == "+in-care"
    assert hold(result, added + 15 * DAY) == "-too-long"
    assert hold(result, added) == "-empty-period"
    assert hold(note, added + DAY) == "-not-a-result"
    assert hold(result, added + DAY, MOSS) == "-not-in-care"
    assert release(AMINA, "patient", result) == "+patient"
    assert release(AMINA, "patient", note) == "-nothing-to-release"
    assert release(LIND, "clinician", result) == "+in-care"
    assert release(LIND, "clinician", note) == "-not-a-result"
    assert release(SAM, "carer", result) == "-role-missing"
    story.clinician("result-held/1", item=result, until=added + DAY)
    assert release(AMINA, "patient", result) == "-item-not-visible"
    assert release(AMINA, "patient", story.item("flag", kind="flag")) == "-unknown-item"
    story.now = Instant(added + 2 * DAY)
    assert release(AMINA, "patient", result) == "+patient", "the hold is over: it waits for her asking again"
    story.clinician("result-released/1", item=result)
    assert hold(result, added + DAY) == "-already-released"


@row("advance statement: signed, reviewed and withdrawn by the patient; once signed amended by nobody else")
def _(story: Story) -> None:
    wish, note = story.item("wish", kind="wishes"), story.item("note")
    for type_, more in (("wish-signed/1", {}), ("wish-reviewed/1", {"outcome": "confirmed"}), ("wish-withdrawn/1", {})):
        assert about_record(story, type_, AMINA, "patient", item=wish, **more) == "+patient"
        assert about_record(story, type_, OKAFOR, "clinician", item=wish, **more) == "-not-the-patient"
        assert about_record(story, type_, AMINA, "patient", item=note, **more) == "-not-a-wish"
    assert about_record(story, "item-amended/1", LIND, "clinician", item=wish) == "+team-of-item"
    story.patient("wish-signed/1", item=wish)
    assert about_record(story, "item-amended/1", OKAFOR, "clinician", item=wish) == "-not-the-patient"


@row("words erased: asked for by the patient or a guardian, erased by another guardian")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other")
    kept = story.item("flag", kind="flag")
    about = {"erasure": FRESH_ID, "basis": "court-order"}

    def asking(who: str, acting: str, item: str = note, **facts: Any) -> str:
        return about_record(story, "erasure-asked/1", who, acting, **(about | {"item": item, "answers": False} | facts))

    assert asking(AMINA, "patient") == "+patient"
    assert asking(GRETA, "guardian") == asking(GRETA, "guardian", kept) == "+guardian"
    assert asking(AMINA, "patient", kept) == asking(AMINA, "patient", FRESH_ID) == "-unknown-item"
    assert asking(GRETA, "guardian", FRESH_ID) == "-unknown-item"
    assert asking(OKAFOR, "clinician") == asking(SAM, "carer") == "-not-the-patient"
    erasure = story.asked(note)
    assert asking(AMINA, "patient", erasure=erasure) == "-already-said"

    def erasing(who: str, item: str, named: str, *positions: int, acting: str = "guardian") -> str:
        facts = about | {"item": item, "erasure": named, "record": RECORD}
        return answer(story, "content-erased/1", who, acting, through={"erased": positions}, **facts)

    [added] = [one.position for one in story.said if one.facts.get("item") == note and one.type == "item-added/1"]
    words = (added, len(story.said) - 1)
    assert erasing(GRETA, note, erasure, *words) == "+guardian"
    assert erasing(GRETA, note, FRESH_ID, *words) == erasing(GRETA, other, erasure, added + 1) == "-erasure-not-asked"
    assert erasing(AMINA, note, erasure, *words, acting="patient") == "-role-missing"
    assert erasing(OKAFOR, note, erasure, *words, acting="clinician") == "-role-missing"
    assert erasing(GRETA, FRESH_ID, erasure, *words) == "-unknown-item"
    assert erasing(SERVICE, note, FRESH_ID, *words, acting="service") == "+service"
    assert erasing(SERVICE, FRESH_ID, FRESH_ID, *words, acting="service") == "-unknown-item"
    assert erasing(SERVICE, note, FRESH_ID, *words[1:], acting="service") == "-not-its-words"
    by_guardian = story.asked(note, GRETA, "guardian")
    assert erasing(GRETA, note, by_guardian, *words, len(story.said) - 1) == "-same-guardian"
    story.role(LIND, "guardian")
    assert erasing(LIND, note, by_guardian, *words, len(story.said) - 4) == "-not-its-words"


@row("words erased: exactly those of the item, and afterwards nothing more is said about it")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other")
    answer_ = story.item("answer", AMINA, "patient", kind="comment", parent=note, concern="comment")
    story.clinician("item-amended/1", item=note)
    story.clinician("item-topics-set/1", item=note, topics=["genetic"])
    alone, thread = story.asked(note), story.asked(note, answers=True)
    first = [one.position for one in story.said if one.facts.get("item") == note and one.worded]
    assert len(first) == 4

    def erasing(item: str, named: str, positions: list[int]) -> str:
        facts = {"item": item, "erasure": named, "basis": "court-order", "record": RECORD}
        return answer(story, "content-erased/1", GRETA, "guardian", through={"erased": tuple(positions)}, **facts)

    of_answer = [one.position for one in story.said if one.facts.get("item") == answer_]
    of_other = [one.position for one in story.said if one.facts.get("item") == other]
    for wrong in (first[:-1], [*first, of_other[0]], first[1:], [*first, len(story.said)], []):
        assert erasing(note, alone, wrong) == "-not-its-words"
    assert erasing(note, alone, first) == "+guardian"
    assert erasing(answer_, alone, of_answer) == "-erasure-not-asked"
    assert erasing(answer_, thread, of_answer) == "+guardian"
    assert erasing(other, thread, of_other) == "-erasure-not-asked"
    story.erase(note, alone)
    assert erasing(note, alone, first) == "-nothing-to-erase"
    about = {"item": note, "erasure": FRESH_ID, "basis": "court-order", "answers": False}
    assert about_record(story, "item-amended/1", OKAFOR, "clinician", item=note) == "-words-erased"
    assert about_record(story, "agreement-stated/1", AMINA, "patient", item=note, agreement="agree") == "-words-erased"
    assert about_record(story, "erasure-asked/1", AMINA, "patient", **about) == "-words-erased"
    comment = {"kind": "comment", "parent": note, "concern": "comment"}
    assert adding(story, AMINA, "patient", **comment) == "-words-erased"
    story.share(EVERYTHING)
    assert adding(story, SAM, "carer", **comment) == "-unknown-item"
