"""The story of one return, from the moment that it is asked for until nobody waits for anything."""

import asyncio
from functools import partial

from temporalio import workflow
from temporalio.exceptions import ApplicationError

from activities.returns import Rmas
from models.errand import Outcome, Owed, State
from models.rma import Assessed, Return, ReturnRecord, ReturnStage, ReturnStanding
from models.wish import ReturnWish
from rules import errands, progress, return_labels, return_permissions
from rules import return_stages as stages
from rules.rmas import RETURNS
from workflows.asking import OF_RETURNS, inquiring
from workflows.calling import our_word, ours
from workflows.listening import Listening
from workflows.living import live
from workflows.sending import attempt, insist, send, settle
from workflows.story import Story, Stuck
from workflows.telling import reporting, showing, telling
from workflows.waiting import watching

ReturnStory = Story[Return, ReturnStanding]


@workflow.defn
class ReturnWorkflow(Listening):
    """May be entered anywhere: with a new return, or with the record of an old one."""

    story: ReturnStory

    @workflow.init
    def __init__(self, matter: Return) -> None:
        self.story = ReturnStory(matter, RETURNS)

    @workflow.run
    async def run(self, _: Return) -> ReturnStage:
        """Tell the story until it is over."""
        story = self.story
        asked, told = partial(inquiring, how=OF_RETURNS), partial(telling, tell=_told)
        chapters = (watching, told, showing, partial(reporting, next_of=progress.owed), asked)
        await live(story, self._way, *(partial(chapter, story) for chapter in chapters))
        return stages.stage_of(story.matter)

    async def _way(self) -> None:
        """The world brings every stage but the last by itself: the money goes, or other goods."""
        story = self.story
        await settle(story)
        while not stages.is_stopped(story.matter) and (stage := stages.next_of(story.matter)):
            await _voiding(story)
            if stage is ReturnStage.SENT_BACK:
                await _labelling(story)
            elif stage is ReturnStage.REFUNDED:
                await _refunding(story)
            elif stage is ReturnStage.REPLACED:
                await insist(story, stages.replacement(story.matter))
            await story.wait(partial(_is_past, stage))
        await _voiding(story)

    @workflow.update
    def wish(self, wish: ReturnWish) -> ReturnStage:
        """Somebody wants something; the answer is where the return stands now."""
        self.story.grant(wish)
        return stages.stage_of(self.story.matter)

    @wish.validator
    def _refuse(self, wish: ReturnWish) -> None:
        if reason := return_permissions.refusal(self.story.matter, wish):
            raise ApplicationError(reason, type="Refused")

    @workflow.query
    def standing(self) -> ReturnStanding:
        """Where it stands, in a word."""
        return self.story.standing

    @workflow.query
    def current(self) -> Return:
        """The whole return, as the story knows it."""
        return self.story.matter


def _is_past(stage: ReturnStage, matter: Return) -> bool:
    return stages.next_of(matter) is not stage


async def _labelling(story: ReturnStory) -> None:
    """A label for the way back; a courier that refuses is passed over, and none at all is a case."""
    while owed := return_labels.owed(story.matter):
        await attempt(story, owed)


async def _voiding(story: ReturnStory) -> None:
    if owed := return_labels.to_void(story.matter):
        await attempt(story, owed)


async def _refunding(story: ReturnStory) -> None:
    """How much is decided once, by whoever holds the lock; then each payment gives back its part."""
    if story.matter.assessed is None:
        assessed = await story.call(our_word(Rmas.assess, story.matter))
        story.matter = _reckoned(story.matter, assessed)  # as it is by now
    if story.matter.assessed is None:
        raise Stuck(stages.MORE)
    while owed := stages.owed(story.matter):
        await _give_back(story, owed[0])


def _reckoned(matter: Return, assessed: Assessed) -> Return:
    """Decided, where it is not more than was looked at."""
    is_decided = stages.is_let_go(matter, assessed)
    known = {"assessed": assessed} if is_decided else {"expected": stages.whole(matter, assessed)}
    return matter.model_copy(update=known)


async def _give_back(story: ReturnStory, due: Owed) -> None:
    """The way the money came; where its provider's time for that is over, people give it back, and two look at it."""
    errand = await send(story, due)
    if errand.code == errands.TOO_LATE and return_permissions.is_let_go_by_hand(story.matter):
        story.find_out(errand, Outcome(state=State.GIVEN_UP, code=errands.TOO_LATE))
    elif errand.state not in errands.SETTLED:
        raise Stuck(f"{due.what}_{errand.code or errand.state}", errand.key)


def _told(story: ReturnStory) -> "asyncio.Task[None]":
    told = story.offer()
    return ours(Rmas.record, ReturnRecord(matter=story.matter, standing=story.standing, **told._asdict()))
