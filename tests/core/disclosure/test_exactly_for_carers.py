"""Rule 5 to the letter: what each answer to a carer rests on, and when it ends."""

from ledger.core.decisions import Deny
from ledger.core.instants import DAY, HOUR, SECOND
from tests.core.disclosure.exactly import named, permit, where
from tests.core.story import (
    ALL_CARERS,
    AMINA,
    EVERYTHING,
    FAMILY,
    JOY,
    LIND,
    OKAFOR,
    PHARMACY,
    SAM,
    TOGETHER,
    Story,
    of,
    practice,
    team,
)
from tests.core.story import named as called

MONDAY_MORNING = {"kind": "hours", "zone": "Europe/London", "days": [1], "from": "10:00", "until": "12:00"}


def made(story: Story, directive: str) -> int:
    return where(story, "directive-made/1", directive=directive)


def together(story: Story, ends: int, name: str = "session") -> int:
    return story.patient("together-started/1", together=called(name), person=SAM, until=ends)


def test_a_record_is_opened_to_a_carer_who_is_named() -> None:
    story = practice()
    assert story.decide(SAM, "carer") == permit("named-carer", named(story))


def test_what_is_shared_rests_on_the_directive_that_decides_until_it_ends() -> None:
    story = practice()
    note, ends = story.item("note"), story.now + DAY
    starts = story.now + HOUR
    shared = story.share(of("item", note), from_=starts, until=ends)
    early = Deny("condition-not-met", (made(story, shared),))
    assert story.decide(SAM, "carer", note, at=starts - 1) == early
    assert story.decide(SAM, "carer", note, at=starts) == permit(
        "shared", named(story), made(story, shared), until=ends
    )
    assert story.decide(SAM, "carer", note, at=ends) == early
    withheld = story.withhold(of("item", note), replaces=shared)
    assert story.decide(SAM, "carer", note) == Deny("withheld-by-patient", (made(story, withheld),))


def test_a_share_to_a_team_rests_on_the_membership_and_opens_when_that_starts() -> None:
    story = practice()
    note, starts, ends = story.item("note"), story.now + HOUR, story.now + DAY
    joined = story.join(SAM, FAMILY, from_=starts, until=ends)
    shared = made(story, story.share(EVERYTHING, team(FAMILY)))
    assert story.decide(SAM, "carer", note) == Deny("condition-not-met", (joined, shared))
    assert story.decide(SAM, "carer", note, at=starts) == permit("shared", named(story), joined, shared, until=ends)
    story.share(EVERYTHING, ALL_CARERS)
    shared = where(story, "directive-made/1")
    assert story.decide(SAM, "carer", note, at=ends) == permit("shared", named(story), shared)


def test_hours_end_with_the_window_or_with_the_share() -> None:
    story = practice()
    note, ten, twelve = story.item("note"), story.now - story.now % HOUR, story.now - story.now % HOUR + 2 * HOUR
    first = made(story, story.share(EVERYTHING, condition=MONDAY_MORNING))
    assert story.decide(SAM, "carer", note, at=ten) == permit("shared", named(story), first, until=twelve)
    assert story.decide(SAM, "carer", note, at=twelve) == Deny("condition-not-met", (first,))
    replaced = story.said[first].facts["directive"]
    story.share(EVERYTHING, condition=MONDAY_MORNING, until=ten + HOUR, replaces=replaced)
    second = where(story, "directive-made/1")
    assert story.decide(SAM, "carer", note, at=ten) == permit("shared", named(story), second, until=ten + HOUR)


def test_the_day_is_that_of_the_zone() -> None:
    story = practice()
    note, six = story.item("note"), story.now - story.now % HOUR + 6 * HOUR  # 15:00 UTC on Monday
    tuesday = MONDAY_MORNING | {"zone": "Asia/Tokyo", "days": [2], "from": "00:00", "until": "01:00"}
    shared = made(story, story.share(EVERYTHING, condition=tuesday))
    assert story.decide(SAM, "carer", note, at=six) == permit("shared", named(story), shared, until=six + HOUR)
    assert story.decide(SAM, "carer", note, at=six - 1) == Deny("condition-not-met", (shared,))


def test_only_together_ends_with_the_longest_session_or_with_the_share() -> None:
    story = practice()
    note, shared = story.item("note"), story.share(EVERYTHING, condition=TOGETHER)
    start = story.now
    together(story, start + HOUR, "short")
    longest = together(story, start + 3 * HOUR, "long")
    together(story, start + 2 * HOUR, "middle")
    rests_on = (named(story), made(story, shared), longest)
    assert story.decide(SAM, "carer", note) == permit("shared", *rests_on, until=start + 3 * HOUR)
    story.share(EVERYTHING, condition=TOGETHER, until=start + HOUR, replaces=shared)
    rests_on = (named(story), where(story, "directive-made/1"), longest)
    assert story.decide(SAM, "carer", note) == permit("shared", *rests_on, until=start + HOUR)


def test_when_unwell_rests_on_the_assessment_and_ends_with_it_or_with_the_share() -> None:
    story = practice()
    note, shared = story.item("note"), story.share(EVERYTHING, condition={"kind": "when-unwell"})
    ends = story.now + 5 * DAY
    story.assess("sharing", "lacks", until=ends)
    found = where(story, "capacity-assessed/1")
    assert [one.condition for one in story.facts(SAM).record.directives.values()] == ["when-unwell"]
    rests_on = permit("shared", named(story), made(story, shared), found, until=ends)
    assert story.decide(SAM, "carer", note) == rests_on
    story.share(EVERYTHING, condition={"kind": "when-unwell"}, until=ends - DAY, replaces=shared)
    shared_again = where(story, "directive-made/1")
    assert story.decide(SAM, "carer", note) == permit("shared", named(story), shared_again, found, until=ends - DAY)


def test_topics_rest_on_the_directive_of_each() -> None:
    story = practice()
    note, ends = story.item("note", topics=["genetic", "mental-health"]), story.now + DAY
    assert story.decide(SAM, "carer", note) == Deny("topic-not-shared")
    genetic = story.share(of("topic", "genetic"), until=ends)
    assert story.decide(SAM, "carer", note) == Deny("topic-not-shared", (made(story, genetic),))
    mental = story.share(of("topic", "mental-health"))
    both = made(story, genetic), made(story, mental)
    assert story.decide(SAM, "carer", note) == permit("shared", named(story), *both, until=ends)
    assert story.decide(SAM, "carer", note, at=ends) == Deny("condition-not-met", both)
    story.withhold(of("topic", "mental-health"), replaces=mental)
    withheld = where(story, "directive-made/1")
    assert story.decide(SAM, "carer", note) == Deny("topic-not-shared", (both[0], withheld))


def test_an_answer_rests_on_the_shares_of_the_whole_thread_up_to_an_item_shared_by_name() -> None:
    story = practice()
    letter = story.item("letter", kind="letter")
    note = story.item("note", parent=letter)
    answer = story.item("answer", LIND, kind="comment", parent=note, concern="comment")
    comments = made(story, story.share(of("kind", "comment")))
    assert story.decide(SAM, "carer", answer) == Deny("no-consent")
    notes = story.share(of("kind", "note"), until=story.now + DAY)
    assert story.decide(SAM, "carer", answer) == Deny("no-consent")
    letters = made(story, story.share(of("kind", "letter")))
    ends = story.now + DAY - 2 * SECOND
    thread = permit("shared", named(story), comments, made(story, notes), letters, until=ends)
    assert story.decide(SAM, "carer", answer) == thread
    story.patient("directive-withdrawn/1", directive=story.said[letters].facts["directive"])
    by_name = made(story, story.share(of("item", note)))
    assert story.decide(SAM, "carer", answer) == permit("shared", named(story), comments, by_name)


def test_what_is_erased_is_named_to_the_ledger_and_only_where_it_was_shared() -> None:
    story = practice()
    note = story.item("note")
    answer = story.item("answer", LIND, kind="comment", parent=note, concern="comment")
    erased = story.erase(note)
    assert story.decide(SAM, "carer", note) == Deny("no-consent")
    story.share(EVERYTHING)
    assert story.decide(SAM, "carer", note) == story.decide(SAM, "carer", answer) == Deny("erased", (erased,))


def test_best_interests_rest_on_the_decision_and_the_assessment() -> None:
    story = practice()
    note = story.item("note")
    answer = story.item("answer", LIND, kind="comment", parent=note, concern="comment")
    assessment = story.assess("sharing", until=story.now + 2 * DAY)
    story.best_interests(assessment, of("item", note), of("kind", "comment"))
    ends = story.now - SECOND + DAY
    assert [one.author for one in story.facts(SAM).record.representation.best_interests.values()] == [OKAFOR]
    rests_on = where(story, "capacity-assessed/1"), where(story, "best-interests-made/1")
    in_best_interests = permit("best-interests", named(story), *rests_on, until=ends)
    assert story.decide(SAM, "carer", note) == story.decide(SAM, "carer", answer) == in_best_interests
    assert story.decide(SAM, "carer", note, at=ends - 1) == in_best_interests
    assert story.decide(SAM, "carer", note, at=ends) == Deny("no-consent")
    shared = made(story, story.share(of("item", note)))
    assert story.decide(SAM, "carer", note) == permit("shared", named(story), shared)
    erased = story.erase(note)
    assert story.decide(SAM, "carer", answer) == Deny("erased", (erased,))


def test_no_best_interests_override_a_withhold_of_any_scope_nor_a_freeze() -> None:
    for scope in (of("topic", "genetic"), of("kind", "letter"), EVERYTHING):
        story = practice()
        letter = story.item("letter", kind="letter", topics=["genetic"])
        story.best_interests(story.assess("sharing"), of("item", letter))
        assert story.rule(SAM, "carer", letter) == "+best-interests"
        story.withhold(scope)
        assert story.rule(SAM, "carer", letter).startswith("-"), scope
    story = practice()
    seen, frozen = story.item("seen"), story.patient("sharing-frozen/1", person=SAM)
    fresh = story.item("fresh")
    story.best_interests(story.assess("sharing"), of("kind", "note"))
    assert story.rule(SAM, "carer", seen) == "+best-interests"
    assert story.decide(SAM, "carer", fresh) == Deny("frozen", (frozen,))


def test_a_release_of_everything_opens_no_topic_that_is_not_named() -> None:
    story = practice()
    note, genes = story.item("note"), story.item("genes", topics=["genetic"])
    died = story.death()
    released = story.release(EVERYTHING)
    ends = story.now - SECOND + DAY
    assert story.decide(SAM, "carer", note) == permit("released", named(story), died, released, until=ends)
    assert story.decide(SAM, "carer", genes) == Deny("after-death", (died,))


def test_a_release_rests_on_the_death_and_on_itself_beside_others() -> None:
    story = practice()
    note, letter, told = story.item("note"), story.item("letter", kind="letter"), story.item("told", SAM, "carer")
    died = story.death()
    assert story.decide(SAM, "carer", note) == Deny("after-death", (died,))
    assert story.decide(SAM, "carer") == permit("own-words", named(story))
    assert story.decide(JOY, "carer") == Deny("after-death", (died,))
    released = story.release(of("kind", "note"))
    ends = story.now - SECOND + DAY
    second = story.release(of("kind", "letter"))
    shown = permit("released", named(story), died, released, until=ends)
    assert story.decide(SAM, "carer") == story.decide(SAM, "carer", note) == shown
    assert story.decide(SAM, "carer", letter) == permit("released", named(story), died, second, until=ends + SECOND)
    assert story.decide(SAM, "carer", told) == permit("own-words", named(story))
    assert story.decide(SAM, "carer", note, at=ends) == Deny("after-death", (died,))


def test_what_is_kept_for_serious_harm_is_kept_from_carers_until_the_opinion_lapses() -> None:
    story = practice()
    notes = [story.item(name) for name in ("first", "second")]
    ends = story.now + 1000 * DAY
    for note, kept_from in zip(notes, ("carers", "screen"), strict=True):
        story.withholding(note, kept_from, "serious-harm")
        story.share(of("item", note))
    kept = [where(story, "withholding-made/1", item=note) for note in notes]
    refusals = [Deny("withheld:serious-harm", (kept[0],)), Deny("online-hidden", (kept[1],))]
    assert [story.decide(SAM, "carer", note) for note in notes] == refusals
    assert [story.rule(SAM, "carer", note, at=ends) for note in notes] == ["+shared", "+shared"]


def test_a_result_that_waits_to_be_told_waits_for_carers_too() -> None:
    story = practice()
    wish = story.patient("results-wish-stated/1", wish="tell-me-first")
    result = story.item("result", kind="result")
    story.share(EVERYTHING)
    assert story.decide(SAM, "carer", result) == Deny("not-yet", (wish,), trace=True)


def test_a_carer_who_looks_as_the_patient_does_sees_their_own_words_in_a_preview_only_while_she_may() -> None:
    story = practice()
    told = story.item("told", SAM, "carer", kind="contribution")
    own = permit("own-words", named(story))
    assert story.decide(SAM, "carer", told) == story.decide(SAM, "carer", told, via="preview") == own
    wrong = story.clinician("item-marked-in-error/1", item=told, wrong_record=True)
    assert story.decide(SAM, "carer", told) == own
    assert story.decide(SAM, "carer", told, via="preview") == Deny("wrong-record", (wrong,))


def test_own_words_that_are_hidden_for_serious_harm_stay_off_screens_until_the_opinion_lapses() -> None:
    story = practice()
    told = story.item("told", SAM, "carer", kind="contribution")
    story.withholding(told, "screen", "serious-harm")
    made_at = where(story, "withholding-made/1")
    assert story.decide(SAM, "carer", told) == Deny("online-hidden", (made_at,))
    assert story.rule(SAM, "carer", told, via="in-person") == "+own-words"
    assert story.rule(SAM, "carer", told, at=story.now + 1000 * DAY) == "+own-words"


def test_nobody_is_a_carer_of_their_own_record() -> None:
    story = practice()
    story.patient("carer-named/1", person=AMINA)
    assert story.rule(AMINA, "carer") == "-no-role"


def test_a_withhold_from_a_team_rests_on_the_membership() -> None:
    story = practice()
    note = story.item("note")
    joined = story.join(SAM, FAMILY)
    sealed = made(story, story.withhold(of("item", note), team(FAMILY)))
    assert story.decide(SAM, "carer", note) == Deny("withheld-by-patient", (joined, sealed))


def test_among_equals_a_share_that_is_open_goes_before_one_that_is_not_whichever_was_first() -> None:
    for condition, other in ((TOGETHER, None), (None, TOGETHER)):
        story = practice()
        note = story.item("note")
        for which, when in ((FAMILY, condition), (PHARMACY, other)):
            story.join(SAM, which)
            story.share(EVERYTHING, team(which), condition=when)
        assert story.rule(SAM, "carer", note) == "+shared"
