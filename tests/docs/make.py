"""Makes the parts of the documentation that are made from the code: ``python -m tests.docs.make`` writes them.

A page is written by hand, but for the parts between its ``made`` comments; the tests refuse a page whose made parts
are not what the code says today.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.docs import decision_table, rule_tables, shapes_in_words, worked_example, worked_session_key
from tests.docs.regions import DOCS, filled, regions_of

PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "keys": worked_example.keys,
    "statement-part": worked_example.statement_part,
    "session-key-part": worked_session_key.session_key_part,
    "high-stakes": worked_session_key.high_stakes,
    "words-part": worked_example.words_part,
    "entry-part": worked_example.entry_part,
    "tree-part": worked_example.tree_part,
    "checkpoint-part": worked_example.checkpoint_part,
    "receipt-part": worked_example.receipt_part,
    "statement-types": shapes_in_words.statement_types,
    "named-objects": shapes_in_words.named_objects,
    "closed-lists": shapes_in_words.closed_lists,
    "spellings": shapes_in_words.spellings,
    "decisions": decision_table.decisions,
    "permits-to-see": rule_tables.permits_to_see,
    "refusals-to-see": rule_tables.refusals_to_see,
    "told-to-readers": rule_tables.told_to_readers,
    "told-of-others": rule_tables.told_of_others,
    "permits-to-say": rule_tables.permits_to_say,
    "refusals-to-say": rule_tables.refusals_to_say,
    "speakers": decision_table.speakers,
    "kinds-by-speaker": decision_table.kinds_by_speaker,
    "sentences": decision_table.sentences,
}


def pages() -> list[Path]:
    """The pages that have made parts of these names; others' pages may have parts that others make."""
    return [
        page for page in sorted(DOCS.rglob("*.md")) if set(regions_of(page.read_text(encoding="utf-8"))) & set(PARTS)
    ]


def main() -> None:
    """Write everything that is made."""
    worked_example.FILE.write_text(worked_example.as_json(), encoding="utf-8")
    for page in pages():
        page.write_text(filled(page.read_text(encoding="utf-8"), PARTS), encoding="utf-8")


if __name__ == "__main__":
    main()
