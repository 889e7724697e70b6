"""The version of the story before today's: it had not learnt yet to read what a payment provider says."""

from temporalio import workflow

from models.fact import Telling, Unread
from models.order import Order
from models.stage import Stage
from rules import hearing
from workflows.order import OrderWorkflow


@workflow.defn(name="OrderWorkflow")
class Yesterday(OrderWorkflow):
    """Sets a payment aside, as any code does with words from tomorrow."""

    @workflow.init
    def __init__(self, order: Order) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: Order) -> Stage:
        """The same life."""
        return await super().run(order)

    @workflow.signal
    def payment_callback(self, telling: Telling) -> None:
        """A kind of fact that nobody here has heard of."""
        unread = Unread(telling=telling, heard_at=workflow.now())
        self.story.matter = hearing.set_aside(self.story.matter, unread)
