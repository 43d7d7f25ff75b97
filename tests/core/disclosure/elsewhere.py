"""Sentences that a table of decisions cannot show, and the tests that show them; and those with nothing to show."""

from typing import Final

_LAWS = "tests/core/test_policy_laws.py::"
_LAWS_OF_ONE_STORY = "tests/core/test_absence_laws.py::"
_WORKLIST = "tests/projections/test_worklist.py::"
_PRESETS = "tests/core/test_presets.py::test_after_a_preset_exactly_what_it_means_is_visible_and_never_more_in_between"

ELSEWHERE: Final[dict[str, tuple[str, ...]]] = {
    "The decision is one pure function, decide(facts, request) -> Permit | Deny, without I/O, clock or randomness": (
        _LAWS_OF_ONE_STORY + "evidence_is_of_the_ledger_and_deciding_changes_no_facts",
        "tests/test_house.py::test_imports_point_down",
    ),
    "(none of that is sent to a carer)": (
        "tests/http/test_absence.py::test_a_carers_page_is_the_same_before_and_after_something_hidden_is_added",
    ),
    "a disclosure names its version, old versions stay callable, so every past decision can be derived again": (
        "tests/replay/test_deriving_again.py::test_every_disclosure_of_a_random_life_derives_again",
        "tests/replay/test_deriving_again.py::test_every_version_of_the_policy_has_a_judge_that_decides_as_it_does",
    ),
    "unexplained looks go to review": (
        _WORKLIST + "test_it_is_listed_until_it_is_due_and_then_overdue_or_over",
        "tests/http/test_worklist.py::test_who_looked_is_asked_and_answers_and_a_guardian_hears_of_it_when_it_is_late",
    ),
    "Presets: medicines only": (_PRESETS,),
    "the plan, not the details": (_PRESETS,),
    "everything except what I tick": (_PRESETS,),
    "Everything overdue is on a worklist and counted": (
        _WORKLIST + "test_every_bounded_secret_is_on_a_list_exactly_until_it_is_settled",
        "tests/http/test_worklist.py::test_a_clinician_is_shown_what_is_due_in_the_records_of_their_care_and_that_is_recorded",
        "tests/http/test_worklist.py::test_what_the_patient_seals_without_a_trace_is_on_no_list_and_in_no_count",
    ),
    "What a carer receives (bodies, headers, ids, cursors, totals, page sizes, ETags, errors, notices) is computed"
    " from the permitted items alone: it equals, with nonce, token and instant fixed, what they would receive if"
    " the hidden items did not exist": (
        "tests/attacks/test_absence.py::test_a_carers_pages_are_byte_for_byte_those_of_a_record_without_what_is_hidden",
        "tests/http/test_absence.py::test_a_hidden_item_answers_a_carer_exactly_as_one_that_is_not_there",
        "tests/http/test_absence.py::test_pages_of_a_carer_go_on_where_they_ended_and_tell_nothing_by_their_cursors",
    ),
    "The same holds for a patient and what is hidden without trace": (
        "tests/attacks/test_absence.py::test_a_patients_pages_are_those_of_a_record_without_what_is_hidden_without_trace",
    ),
    "Item ids are random": ("tests/core/disclosure/test_disclosure.py::test_ids_that_the_ledger_gives_are_random",),
    "A trail line is visible only where its item is": (
        "tests/http/test_trail.py::test_a_line_is_visible_only_where_its_item_is",
        "tests/http/test_trail_queries.py::test_no_question_finds_a_line_by_what_is_hidden_of_it",
    ),
    "The statement is the ledger's own (author: the service)": (
        "tests/attacks/test_impersonation.py::test_nobody_speaks_as_the_service_under_their_own_name",
    ),
    "the viewer is named in its sealed facts": (
        "tests/projections/test_follow.py::test_the_trail_tells_who_looked_who_tried_and_who_has_ever_seen_an_item",
    ),
    "kind, author, times, rules and trail": (
        "tests/http/test_oversight.py::test_an_auditor_sees_structure_within_a_case_and_topics_once_opened_with_a_reason",
        "tests/http/test_trail_queries.py::test_an_auditor_reads_over_records_within_a_case_and_a_guardian_every_emergency",
    ),
    "Every view, refusal of a whole request, preview, search, export, print and reading of the trail: who, acting as"
    " what, purpose, when, policy version, and per page the items disclosed, each with rule and governing fact": (
        "tests/projections/test_follow.py::test_the_trail_tells_who_looked_who_tried_and_who_has_ever_seen_an_item",
        "tests/http/test_trail.py::test_the_patient_reads_who_looked_at_what_and_that_she_read_it_is_there_too",
        "tests/http/test_search.py::test_each_item_whose_words_were_searched_is_on_the_trail",
        "tests/http/test_search.py::test_a_print_is_told_as_one_and_only_a_clinician_says_that_the_patient_is_there",
        "tests/http/test_preview.py::test_the_preview_is_what_the_carer_sees_and_is_recorded_as_a_preview",
    ),
    "What was withheld is derived again when an entitled reader asks": (
        "tests/http/test_trail_queries.py::test_a_line_in_full_says_what_each_item_rests_on_and_what_was_withheld",
        "tests/http/test_as_of.py::test_what_a_carer_could_see_follows_what_the_patient_allowed_at_each_instant",
    ),
    "A preview-as-carer is rendered by the carer's own code": (
        "tests/http/test_preview.py::test_the_preview_is_what_the_carer_sees_and_is_recorded_as_a_preview",
        "tests/http/test_preview.py::test_what_is_hidden_from_the_patient_changes_nothing_in_preview_or_outline",
    ),
    "guards: see format.md §5": (
        "tests/store/test_admission.py::test_a_decision_on_a_counter_that_moved_is_not_admitted",
        "tests/store/test_admission.py::test_time_that_runs_out_before_the_commit_counts",
    ),
    "Adding an unconditional share where that grantee and scope had no directive never narrows": (
        _LAWS + "an_unconditional_share_where_there_was_no_directive_never_narrows",
    ),
    "adding a withhold never widens": (_LAWS + "a_withhold_where_there_was_no_directive_never_widens",),
    "only withholding, suspension, hiding, erasure, an extra topic, or a conditional or replacing directive narrows": (
        _LAWS + "an_unconditional_share_where_there_was_no_directive_never_narrows",
        _LAWS + "what_takes_away_never_widens",
        _LAWS_OF_ONE_STORY + "every_reader_sees_what_the_slow_model_says",
    ),
    "also under concurrency": (
        "tests/withdrawal/test_no_disclosure_after_a_withdrawal.py::test_sixteen_readers_in_two_processes_never_see_what_was_taken_back",
        _LAWS + "what_is_withdrawn_or_stopped_counts_at_no_later_position",
    ),
    "unrelated statements do not matter": (_LAWS_OF_ONE_STORY + "a_decision_depends_on_nothing_outside_its_guards",),
    "the decision depends on nothing outside its evidence and guards": (
        _LAWS_OF_ONE_STORY + "a_decision_depends_on_nothing_outside_its_guards",
    ),
    "as-of view = replay at that position": (_LAWS_OF_ONE_STORY + "as_of_is_replay_of_the_prefix",),
    "absence as above": (
        _LAWS_OF_ONE_STORY + "nobody_can_tell_what_is_hidden_without_trace_from_nothing",
        _LAWS_OF_ONE_STORY + "carers_are_left_no_trace_and_told_of_no_matter",
    ),
    "Rectification: a disagreement stands beside the passage in every view, search, print and export"
    " where that reader may see it": (
        "tests/projections/test_views.py::test_a_dispute_is_shown_with_its_answer_and_the_second_review",
        "tests/bundle/test_shown.py::test_a_comment_is_not_shown_below_what_it_does_not_answer",
    ),
    "answer within one month": (
        "tests/core/test_deadlines.py::test_a_month_ends_with_the_corresponding_day_of_the_next",
    ),
}
"""By quotation: the tests that show it, as path::name."""

NOTHING_TO_SHOW: Final[dict[str, str]] = {
    "Normative": "it says what the text is",
    "Timing is a measured bound": "it is measured by hand and reported",
    "(Who remembers or kept a copy can tell that something went: the threat model says so.)": "no code can show it",
    "Serious harm: Data Protection Act 2018 Sch 3 Pt 2": "the law on which a ground rests",
    "Retention clocks are projections (adult 8 years; mental health 20; child to 25)": "no decision rests on them",
    "care records are mostly exempt (Art 17(3)(c))": "a guardian judges it, case by case",
    "and the carer is told so first": "whoever asks them says it; the pages for carers will",
    "general information (chosen by the carer, never tailored by the record)": "it is outside the record",
    "and their own needs (outside the patient's record) are always there": "they are outside the record",
    'Sources: Mental Capacity Act 2005; RCPsych "Carers and confidentiality"; Triangle of Care; Caldicott principles;'
    " NHS England redaction and proxy guidance; ICO": "references",
    "The product informs; the clinician or the court decides": "what the product is for",
}
"""By quotation: why no test could show it."""
