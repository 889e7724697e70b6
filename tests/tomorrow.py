"""The next version of the story: whoever begins with its code cannot go on with today's, nor the other way round."""

from datetime import timedelta

from temporalio import workflow

from models.order import Order
from models.stage import Stage
from workflows.order import OrderWorkflow


@workflow.defn(name="OrderWorkflow")
class Tomorrow(OrderWorkflow):
    """Takes a breath first, which today's story never did."""

    @workflow.init
    def __init__(self, order: Order) -> None:
        super().__init__(order)

    @workflow.run
    async def run(self, order: Order) -> Stage:
        """The same life, with one event more at its beginning."""
        await workflow.sleep(timedelta(milliseconds=1))
        return await super().run(order)
