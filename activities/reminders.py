"""The words that bring a person to a case. Each person hears of each rung of each case at most once."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from activities.moments import Moment, passed
from connectors.ports import Messenger
from models.errors import Failure, Refused
from models.noun import Id
from store.cases import Cases, Gathered, Reminder

EVERY = 5.0  # seconds between two looks; each person hears at most one message a minute
MUTED = timedelta(minutes=10)
FOR_SURE = {"throttled": MUTED, "too_soon": timedelta(minutes=1)}  # nobody read it: how long to wait for the next try
SHOWN = 5  # orders named for each cause; the rest is a number
_log = logging.getLogger("orderhub.reminders")


async def remind(cases: Cases, messengers: Sequence[Messenger]) -> None:
    """Until cancelled."""
    rooms = {messenger.name: messenger for messenger in messengers}
    while True:
        try:
            await remind_all(cases, rooms)
        except Exception as failure:  # noqa: BLE001 - one row that cannot be read must not end a worker of stories
            code = failure.code if isinstance(failure, Failure) else type(failure).__name__
            _log.warning("reminders rest", extra={"code": code})
        await asyncio.sleep(EVERY)


async def remind_all(cases: Cases, rooms: Mapping[Id, Messenger]) -> int:
    """One look; how many messages went out."""
    sent = 0
    for waiting in await cases.due_reminders():
        room = rooms.get(waiting.person.robot)
        claimed = await cases.claim_reminder(waiting.person.id) if room else None
        if room and claimed:
            sent += await _send(cases, room, claimed)
    return sent


async def _send(cases: Cases, room: Messenger, claimed: Gathered) -> bool:
    """Silence may have been heard, so it is not repeated, only spoken of; a refusal was not heard."""
    message = claimed.message or 0
    passed("remind", Moment.BEFORE_CALL)
    try:
        await room.send(words(claimed))
    except Failure as failure:
        _log.warning("a robot rests", extra={"code": failure.code})
        await _rest(cases, claimed, failure)
        return False
    passed("remind", Moment.AFTER_CALL)
    await cases.sent(message)
    passed("remind", Moment.AFTER_RECORD)
    return True


async def _rest(cases: Cases, claimed: Gathered, failure: Failure) -> None:
    message, robot = claimed.message or 0, claimed.person.robot
    if isinstance(failure, Refused) or failure.code in FOR_SURE:
        await cases.unsent(message, robot, FOR_SURE.get(failure.code, MUTED))
    else:
        await cases.unheard(message, robot, MUTED)


def words(gathered: Gathered) -> str:
    """One line for each cause, most orders first; no names, no addresses: order numbers and causes.

    What may have been read before is only counted.
    """
    fresh = [line for line in gathered.reminders if not line.is_unsure]
    causes = Counter((line.deadline, line.party) for line in fresh)
    lines = [_cause(fresh, deadline, party) for (deadline, party), _ in causes.most_common()]
    unsure = len(gathered.reminders) - len(fresh)
    if unsure:
        lines.append(f"- 之前的提醒可能未送达 earlier reminders may not have arrived: {unsure}")
    return "\n".join([f"订单提醒 Orders waiting for {gathered.person.id}: {len(gathered.reminders)}", *lines])


def _cause(reminders: Sequence[Reminder], deadline: Id, party: Id | None) -> str:
    about = [line for line in reminders if (line.deadline, line.party) == (deadline, party)]
    shown = ", ".join(line.story for line in about[:SHOWN])
    more = f" … +{len(about) - SHOWN}" if len(about) > SHOWN else ""
    whom = f" @{party}" if party else ""
    alone = " (无人值班 nobody on duty)" if any(line.nobody_on_duty for line in about) else ""
    return f"- {deadline}{whom}: {len(about)}, {about[0].rung}{alone}: {shown}{more}"
