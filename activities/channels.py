from typing import Protocol

from activities.boundary import hand
from activities.once import answered
from connectors.ports import Channel, Progress, Progressing, Report
from models.errand import Errand, Outcome, State
from models.line import Box
from models.noun import Id


class Boxes(Protocol):
    """What leaves which place together."""

    async def box(self, box_id: Id) -> Box:
        """Raises: Missing."""


class Channels:
    """Speaks with the place where the buyer ordered."""

    def __init__(self, channel: Channel, boxes: Boxes) -> None:
        self.channel, self.boxes = channel, boxes

    @hand("report_shipped")
    async def report(self, errand: Errand) -> Outcome:
        """A parcel left; repeated until they accept it, or refuse for good."""
        report = Report(
            key=errand.key,
            order=errand.order,
            company=(errand.via or "").rpartition(".")[2],
            waybill=errand.under or "",
            units=(await self.boxes.box(errand.box)).units if errand.box else (),
            is_last=errand.is_last,
        )
        return await answered(lambda: self.channel.report_shipped(report))

    @hand("report_progress")
    async def progress(self, errand: Errand) -> Outcome:
        """How far an urgent return is; repeated until they accept it, or refuse for good."""
        channel, number = self.channel, errand.key.rpartition(f"-{errand.what}-")[0]
        if not isinstance(channel, Progressing):
            return Outcome(state=State.REFUSED, code="not_told_here")
        told = Progress(key=errand.key, order=errand.order, return_id=number, stage=errand.under or "")
        return await answered(lambda: channel.report_progress(told))
