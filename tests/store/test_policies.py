from datetime import timedelta

import pytest

from models.errors import Refused
from models.policy import Policy
from store.policies import Policies
from tests.builders import NOON


def hours(n):
    return Policy(pay_within=timedelta(hours=n))


async def test_the_nearest_policy_counts(db):
    policies = Policies(db)
    assert await policies.current("web/demo") == Policy()

    of_channel = await policies.put("web", hours(1), "wang")
    assert await policies.current("web/demo") == hours(1).model_copy(update={"version": of_channel})

    of_shop = await policies.put("web/demo", hours(2), "wang")
    await policies.put("web", hours(3), "wang")
    assert await policies.current("web/demo") == hours(2).model_copy(update={"version": of_shop})
    assert (await policies.current("web/other")).pay_within == timedelta(hours=3)
    assert await policies.current("pos/demo") == Policy()


async def test_the_newest_policy_counts_and_one_for_later_waits(db):
    policies = Policies(db)
    await policies.put("web/demo", hours(1), "wang")
    await policies.put("web/demo", hours(2), "wang")
    await policies.put("web/demo", hours(9), "wang", effective_from=NOON + timedelta(days=36500))

    assert (await policies.current("web/demo")).pay_within == timedelta(hours=2)


async def test_who_wrote_what_since_when_stays(db):
    policies = Policies(db)
    first = await policies.put("web", hours(1), "wang")
    second = await policies.put("web/demo", hours(2), "li")
    await policies.put("pos", hours(3), "li")

    history = await policies.history("web/demo")

    assert [(row.policy.version, row.scope, row.author) for row in history] == [
        (second, "web/demo", "li"),
        (first, "web", "wang"),
    ]
    assert history[0].policy.pay_within == timedelta(hours=2)


async def test_a_policy_is_for_a_channel_or_a_shop(db):
    with pytest.raises(Refused, match="not_a_scope"):
        await Policies(db).put("web/demo/1", Policy(), "wang")
