"""The words that bring a person to a case. Each person hears of each rung of each case at most once."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from activities.moments import Moment, passed
from connectors.ports import Messenger
from models.errors import Failure, Refused, Unavailable
from models.noun import Id
from store.cases import Cases, Gathered, Reminder

EVERY = 5.0  # seconds between two looks; each person hears at most one message a minute
MUTED = timedelta(minutes=10)
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
    """Silence may have been heard, so it is not repeated; a refusal was not."""
    message = claimed.message or 0
    passed("remind", Moment.BEFORE_CALL)
    try:
        await room.send(words(claimed))
    except Refused as refusal:
        return await _rest(cases, message, refusal)
    except Unavailable as silence:
        if silence.code == "throttled":
            return await _rest(cases, message, silence)
    passed("remind", Moment.AFTER_CALL)
    await cases.sent(message)
    passed("remind", Moment.AFTER_RECORD)
    return True


async def _rest(cases: Cases, message: int, failure: Failure) -> bool:
    _log.warning("a robot rests", extra={"code": failure.code})
    await cases.unsent(message, MUTED)
    return False


def words(gathered: Gathered) -> str:
    """One line for each cause, most orders first; no names, no addresses: order numbers and causes."""
    causes = Counter((line.deadline, line.party) for line in gathered.reminders)
    lines = [_cause(gathered.reminders, deadline, party) for (deadline, party), _ in causes.most_common()]
    return "\n".join([f"订单提醒 Orders waiting for {gathered.person.id}: {len(gathered.reminders)}", *lines])


def _cause(reminders: Sequence[Reminder], deadline: Id, party: Id | None) -> str:
    about = [line for line in reminders if (line.deadline, line.party) == (deadline, party)]
    shown = ", ".join(line.story for line in about[:SHOWN])
    more = f" … +{len(about) - SHOWN}" if len(about) > SHOWN else ""
    whom = f" @{party}" if party else ""
    alone = " (无人值班 nobody on duty)" if any(line.nobody_on_duty for line in about) else ""
    return f"- {deadline}{whom}: {len(about)}, {about[0].rung}{alone}: {shown}{more}"
