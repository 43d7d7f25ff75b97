"""A page is judged as its items are one by one, however long a thread is."""

from ledger.core.decisions import Request
from ledger.core.policy import judge_of
from tests.core.story import AMINA, EVERYTHING, LIND, MOSS, OKAFOR, SAM, of, practice


def test_a_judge_of_a_page_decides_as_decide_does() -> None:
    story = practice()
    items = [story.item(f"item {n}", kind=kind) for n, kind in enumerate(("note", "flag", "result", "wishes"))]
    story.share(of("kind", "note"))
    for who, acting in ((AMINA, "patient"), (OKAFOR, "clinician"), (SAM, "carer"), (MOSS, "clinician")):
        judge = judge_of(story.facts(who), Request(who, acting, story.now))
        assert [judge(item) for item in items] == [story.decide(who, acting, item) for item in items]
        assert judge.whole == story.decide(who, acting)


def test_a_thread_of_two_thousand_replies_is_decided() -> None:
    story = practice()
    last = story.item("note")
    for n in range(2000):
        last = story.item(f"reply {n}", LIND, kind="comment", parent=last, concern="reply")
    story.share(EVERYTHING)
    rules = [
        story.rule(who, acting, last) for who, acting in ((AMINA, "patient"), (SAM, "carer"), (OKAFOR, "clinician"))
    ]
    assert rules == ["+own-record", "+shared", "+direct-care"]
