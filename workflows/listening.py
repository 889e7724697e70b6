"""What every story hears, whoever tells it; a voice for each source."""

from datetime import datetime

from temporalio import workflow

from models.fact import Telling
from workflows.story import AnyStory


class Listening:
    """The signals of an order and of a return: the same five voices, and a hand on the shoulder."""

    story: AnyStory

    @workflow.signal
    def payment_callback(self, telling: Telling) -> None:
        """The payment provider says."""
        self.story.hear(telling)

    @workflow.signal
    def warehouse_scan(self, telling: Telling) -> None:
        """The warehouse says."""
        self.story.hear(telling)

    @workflow.signal
    def courier_update(self, telling: Telling) -> None:
        """The courier says."""
        self.story.hear(telling)

    @workflow.signal
    def channel_update(self, telling: Telling) -> None:
        """The place where the buyer ordered says."""
        self.story.hear(telling)

    @workflow.signal
    def desk_note(self, telling: Telling) -> None:
        """A person says."""
        self.story.hear(telling)

    @workflow.signal
    def nudge(self) -> None:
        """Somebody wakes us. Nothing is heard: who must move moves, everybody else goes on waiting."""

    @workflow.query
    def clock(self) -> datetime:
        """The hour that the story lives in."""
        return workflow.now()
