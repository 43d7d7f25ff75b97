"""Rules 6 and 7 to the letter: what each answer to an attorney or a parent rests on, and when it ends."""

from ledger.core.decisions import UNKNOWN_ITEM, Deny
from ledger.core.instants import DAY, HOUR, SECOND, parse_instant
from tests.core.disclosure.exactly import permit, where
from tests.core.disclosure.proxies import BORN, ELEVEN, SIXTEEN
from tests.core.story import (
    AMINA,
    DORA,
    EVERYTHING,
    GRETA,
    JOY,
    LIND,
    NADIA,
    PAUL,
    RECORD,
    SAM,
    Story,
    named,
    of,
    person,
    practice,
)


def holds(story: Story, who: str = PAUL) -> int:
    return where(story, "power-registered/1", person=who)


def parent(story: Story) -> tuple[int, int]:
    """What a parent's reading rests on: their responsibility, and the birth."""
    return where(story, "parent-registered/1", person=NADIA), where(story, "birth-stated/1")


def reviewed(story: Story, *scope: dict[str, str], until: int) -> int:
    facts = {"parental": named("parental"), "scope": list(scope), "until": until}
    return story.clinician("parent-reviewed/1", **facts)


def test_an_attorney_opens_the_record_by_the_power_and_items_by_the_assessment_too() -> None:
    story = practice()
    note = story.item("note")
    answer = story.item("answer", LIND, kind="comment", parent=note, concern="comment")
    story.power()
    assert story.decide(PAUL, "attorney") == permit("attorney", holds(story))
    ends = story.now + DAY
    assessment = story.assess("treatment", "lacks", of("item", note), of("kind", "comment"), until=ends)
    found = where(story, "capacity-assessed/1")
    decides = permit("attorney", holds(story), found, until=ends)
    assert story.decide(PAUL, "attorney", note) == story.decide(PAUL, "attorney", answer) == decides
    assert story.decide(PAUL, "attorney", assessment) == decides
    assert story.decide(PAUL, "attorney", assessment, at=ends) == UNKNOWN_ITEM
    assert story.decide(PAUL, "attorney", story.assess("residence")) == UNKNOWN_ITEM
    erased = story.erase(note)
    assert story.decide(PAUL, "attorney", answer) == Deny("erased", (erased,))


def test_a_power_for_a_term_ends_with_it_and_a_renewed_one_names_both() -> None:
    story = practice()
    note, first_ends = story.item("note"), story.now + HOUR
    story.power(until=first_ends)
    first = holds(story)
    found_by = story.assess("treatment", "lacks", of("item", note), until=story.now + DAY)
    found = where(story, "capacity-assessed/1")
    assert story.decide(PAUL, "attorney") == permit("attorney", first, until=first_ends)
    assert story.decide(PAUL, "attorney", note) == permit("attorney", first, found, until=first_ends)
    assert story.decide(PAUL, "attorney", found_by) == permit("attorney", first, found, until=first_ends)
    assert story.decide(PAUL, "attorney", note, at=first_ends) == Deny("no-relationship")
    story.power()
    both = permit("attorney", first, holds(story), found, until=story.said[found].recorded_at - SECOND + DAY)
    assert story.decide(PAUL, "attorney", note) == story.decide(PAUL, "attorney", found_by) == both
    assert story.decide(PAUL, "attorney") == permit("attorney", first, holds(story))


def test_a_joint_power_rests_on_what_each_holder_says_until_the_first_of_them_stops() -> None:
    story = practice()
    note = story.item("note")
    story.assess("treatment", "lacks", of("item", note))
    power = story.power(PAUL, terms="jointly", holders=2)
    story.power(DORA, terms="jointly", holders=2)
    acts = story.acts(PAUL, power), story.acts(DORA, power)
    ends = story.now - 2 * SECOND + HOUR
    rests_on = holds(story), holds(story, DORA), *acts, where(story, "capacity-assessed/1")
    for who in (PAUL, DORA):
        assert story.decide(who, "attorney", note) == permit("attorney", *rests_on, until=ends)
        assert story.decide(who, "attorney", note, at=ends) == Deny("no-consent")


def test_a_parent_of_a_child_reads_as_the_patient_until_the_age_of_review() -> None:
    story = practice()
    story.child(BORN)
    note, told = story.item("note"), story.item("told", NADIA, "parent", kind="contribution")
    child = permit("parent", *parent(story), until=ELEVEN)
    assert story.decide(NADIA, "parent") == story.decide(NADIA, "parent", note) == child
    own = permit("own-words", parent(story)[0])
    assert story.decide(NADIA, "parent", told) == own
    erased = story.erase(note)
    assert story.decide(NADIA, "parent", note) == permit("erased", *parent(story), erased, until=ELEVEN)
    policy = story.policy(review=12)
    twelve = ELEVEN + 365 * DAY
    assert story.decide(NADIA, "parent") == permit("parent", *parent(story), policy, until=twelve)


def test_a_parent_is_shown_no_more_than_the_child() -> None:
    story = practice()
    story.child(BORN)
    wish = story.patient("results-wish-stated/1", wish="tell-me-first")
    waits, hidden = story.item("waits", kind="result"), story.item("hidden", topics=["domestic-abuse"])
    emergency, ends = story.emergency(), story.now + HOUR
    said = {"record": RECORD, "emergency": emergency}
    delayed = story.say("notice-delayed/1", GRETA, "guardian", until=ends, **said)
    assert story.decide(NADIA, "parent", waits) == Deny("not-yet", (wish,), True)
    assert story.rule(NADIA, "parent", hidden) == "-online-hidden"
    assert story.rule(NADIA, "parent", hidden, via="in-person") == "+parent"
    assert story.decide(NADIA, "parent", emergency) == Deny("notice-delayed", (delayed,))
    assert story.decide(NADIA, "parent", emergency, at=ends) == permit("parent", *parent(story), until=ELEVEN)


def test_from_eleven_on_a_parent_reads_by_a_review_until_it_or_childhood_ends() -> None:
    story = practice()
    story.child(BORN)
    note = story.item("note")
    answer = story.item("answer", LIND, kind="comment", parent=note, concern="comment")
    ends = ELEVEN + 30 * DAY
    review = reviewed(story, of("item", note), of("kind", "comment"), until=ends)
    by_review = permit("parent-reviewed", *parent(story), review, until=ends)
    for at in (ELEVEN, ends - 1):
        assert story.decide(NADIA, "parent", note, at=at) == story.decide(NADIA, "parent", answer, at=at) == by_review
        assert story.decide(NADIA, "parent", at=at) == permit("named-parent", *parent(story), until=SIXTEEN)
    assert story.decide(NADIA, "parent", note, at=ends) == Deny("no-consent")
    review = reviewed(story, of("item", note), of("kind", "comment"), until=SIXTEEN + DAY)
    by_review = permit("parent-reviewed", *parent(story), review, until=SIXTEEN)
    assert story.decide(NADIA, "parent", note, at=SIXTEEN - 1) == by_review
    erased = story.erase(note)
    assert story.decide(NADIA, "parent", answer, at=ELEVEN) == Deny("erased", (erased,))
    assert story.decide(NADIA, "parent", note, at=ELEVEN) == Deny("erased", (erased,))


def test_from_eleven_on_a_parent_is_not_told_that_anything_is_withheld() -> None:
    story = practice()
    story.child(BORN)
    note = story.item("note")
    story.withholding(note, "patient", "third-party")
    made = where(story, "withholding-made/1")
    assert story.decide(NADIA, "parent", note) == Deny("withheld:third-party", (made,), True)
    assert story.decide(NADIA, "parent", note, at=ELEVEN) == Deny("withheld:third-party", (made,))


def test_the_responsibility_of_one_parent_is_not_that_of_another() -> None:
    story = practice()
    story.child(BORN)
    note, ends = story.item("note"), story.now + HOUR
    facts = {"record": RECORD, "parental": named("other"), "person": JOY, "from_": story.now, "until": ends}
    story.say("parent-registered/1", GRETA, "guardian", **facts)
    assert story.rule(JOY, "parent", note) == "+parent"
    assert story.rule(JOY, "parent", note, at=ends) == "-no-relationship"
    for _ in range(2):  # what is over may be said to be over again
        story.say("parent-ended/1", GRETA, "guardian", record=RECORD, parental=named("other"))
    assert story.rule(JOY, "parent", note) == "-no-relationship"


def test_a_parent_who_is_registered_anew_rests_on_both_until_the_new_term_ends() -> None:
    story = practice()
    story.child(BORN)
    (first, born), ends = parent(story), story.now + HOUR
    facts = {"record": RECORD, "parental": named("parental"), "person": NADIA, "from_": story.now, "until": ends}
    again = story.say("parent-registered/1", GRETA, "guardian", **facts)
    assert story.decide(NADIA, "parent") == permit("parent", first, born, again, until=ends)


def test_what_a_parent_shared_ends_with_childhood_and_what_the_child_shared_does_not() -> None:
    story = practice()
    story.child(BORN)
    note, letter = story.item("note"), story.item("letter", kind="letter")
    terms = {"from_": None, "until": None, "condition": None, "replaces": None, "hidden": False}
    about = {"record": RECORD, "grantee": person(SAM), "effect": "share"} | terms
    by_parent = story.say("directive-made/1", NADIA, "parent", directive=named("by"), scope=of("item", note), **about)
    by_child = where(story, "directive-made/1", directive=story.share(of("item", letter)))
    carer, born = where(story, "carer-named/1", person=SAM), parent(story)[1]
    assert story.decide(SAM, "carer", note) == permit("shared", carer, by_parent, born, until=ELEVEN)
    assert story.decide(SAM, "carer", note, at=ELEVEN) == Deny("condition-not-met", (by_parent,))
    assert story.decide(SAM, "carer", letter, at=ELEVEN) == permit("shared", carer, by_child)
    story.policy(review=10)
    assert story.decide(SAM, "carer", note) == Deny("condition-not-met", (by_parent,))
    policy = story.policy(review=11)
    assert story.decide(SAM, "carer", note) == permit("shared", carer, by_parent, born, policy, until=ELEVEN)


def test_a_review_opens_what_answers_it_only_where_the_young_person_s_own_topics_are_nowhere_in_it() -> None:
    story = practice()
    story.child(BORN)
    health = story.item("health", topics=["sexual-health"])
    answer = story.item("answer", LIND, kind="comment", parent=health, concern="comment")
    reviewed(story, of("item", health), of("item", answer), of("kind", "comment"), until=ELEVEN + DAY)
    assert story.decide(NADIA, "parent", answer, at=ELEVEN) == Deny("young-persons-own")


def test_who_was_born_on_the_leap_day_comes_of_age_on_the_first_of_march() -> None:
    story = practice()
    story.child("2016-02-29")
    eleven, sixteen = parse_instant("2027-03-01T00:00:00.000Z"), parse_instant("2032-02-29T00:00:00.000Z")
    assert story.decide(NADIA, "parent") == permit("parent", *parent(story), until=eleven)
    assert story.rule(NADIA, "parent", at=sixteen - 1) == "+named-parent"
    assert story.rule(NADIA, "parent", at=sixteen) == "-no-relationship"


def test_best_interests_that_are_over_may_be_ended_again() -> None:
    story = practice()
    note = story.item("note")
    ended = {"record": RECORD, "best_interests": story.best_interests(story.assess("sharing"), of("item", note))}
    assert story.rule(SAM, "carer", note) == "+best-interests"
    for _ in range(2):
        story.say("best-interests-ended/1", GRETA, "guardian", **ended)
    assert story.rule(SAM, "carer", note) == "-no-consent"
    story.share(EVERYTHING)
    assert story.rule(SAM, "carer", note) == "+shared"
    assert story.rule(AMINA, "patient", note) == "+own-record"


def test_to_who_is_suspended_nothing_is_shared_in_whatever_place_they_look() -> None:
    story = practice()
    story.child(BORN)
    story.power()
    note = story.item("note")
    for who, acting_as in ((NADIA, "parent"), (PAUL, "attorney"), (SAM, "carer")):
        story.share(of("item", note), person(who))
        assert story.rule(who, acting_as, note, at=ELEVEN) == "+shared"
        suspended = story.patient("carer-suspended/1", person=who)
        assert story.decide(who, acting_as, note, at=ELEVEN) == Deny("no-consent", (suspended,))
