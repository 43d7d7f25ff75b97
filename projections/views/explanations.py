"""Why something is shown, or kept back, in plain words: one sentence for each rule that a reader may be told."""

from collections.abc import Mapping
from typing import Final

PERMITTED: Final[Mapping[str, str]] = {
    "own-record": "It is your own record.",
    "own-words": "You wrote this.",
    "direct-care": "You are caring for this person.",
    "emergency": "You opened it as an emergency; the patient is told.",
    "erased": "This was here. Its words have been erased.",
}
"""For rules by which a clinician or a patient reads something. A carer is not told by which rule."""

KEPT: Final[Mapping[str, str]] = {
    "sealed-by-patient": "The patient keeps this closed. Ask them, or open it in an emergency.",
    "emergency-not-opened": "There is more here. Open it by itself if this emergency needs it.",
    "withheld:serious-harm": (
        "A professional keeps this back because seeing it could do serious harm."
        " You can ask who decided, and challenge it."
    ),
    "withheld:third-party": (
        "A professional keeps this back because it is about somebody else. You can ask who decided, and challenge it."
    ),
    "withheld:agreed": "You agreed with your team that this is kept back. You can change your mind.",
    "not-yet": "A result has come. Your team wants to tell you first, or you asked to be told first.",
}
"""For rules whose refusal leaves a trace. Every other refusal leaves none, so it needs no sentence."""
