"""Continuation: the log goes on under a new name, and its first entry there says so."""

from uuid import NAMESPACE_URL, uuid5

from ledger.core.earlier import EarlierLog
from ledger.core.public import Continued
from ledger.saying import Answer, By, Sentence, Speaker


class Continuation:
    """What the service says about its own log."""

    def __init__(self, speaker: Speaker, service: str) -> None:
        self._speaker = speaker
        self._by = By(service, "service")

    async def say(self, earlier: EarlierLog) -> Answer:
        """Say, as the first entry under a new name, which log it continues and what is known of that log's end.

        A log is named once: saying it again raises NotPossible.
        """
        public = Continued(earlier.origin, earlier.size, earlier.root, earlier.checkpoint.decode())
        facts = {"log": str(uuid5(NAMESPACE_URL, f"{earlier.continued_as}/log"))}
        return await self._speaker.say(Sentence(self._by, "log-continued/1", facts, public=public))
