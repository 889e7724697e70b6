"""A return's life, from asked to the provider's word."""

import asyncio
from datetime import time, timedelta

import pytest
from temporalio.client import WorkflowUpdateFailedError

import worker
from models.approval import HOUSE, Step
from models.case import Owner, Role
from models.errand import Outcome, State, What
from models.errors import NotYet, Refused, Unavailable
from models.fact import Telling
from models.noun import Money
from models.policy import Policy
from models.refund import Way
from models.return_policy import Judgement, Patience, Service
from models.returns import AfterSale, Claim, Kind, Level, Share, Verdict, Why
from models.rma import Assessed, Part, Return, ReturnStage
from models.wish import CloseCase, Decide, GiveUp, HoldBack, RefuseRefund, Release, Retry, Trigger, Withdraw
from rules.return_news import standing
from rules.return_stages import amount, stage_of, wished
from rules.rmas import RETURNS
from tests.builders import refund_settled
from tests.others import Provider, does_it_and_says_nothing, now, refuses, says_no, takes_the_task
from tests.workflows.conftest import House, granted
from workflows.rma import ReturnWorkflow
from workflows.telling import attributes

YES = Judgement(verdicts=(Verdict(rule="free", is_allowed=True, because="in_time"),))
NO = Judgement(verdicts=(Verdict(rule="final", is_allowed=False, because="final_sale"),))
SERVICE = (Step(levels=(Level.SERVICE,)),)
BOTH = (Step(levels=(Level.SERVICE,)), Step(levels=(Level.OPERATIONS, Level.MANAGER)))
BRISK = Policy(answer_within=timedelta(seconds=2), ask_payment_after=timedelta(seconds=1))


class Books:
    """What the store knows of returns, in this process."""

    def __init__(self, parts):
        self.parts, self.records, self.asked = parts, {}, 0
        self.replaced, self.refuses, self.is_slow = [], None, False

    async def put_return(self, record):
        self.records[record.matter.id] = record

    async def replace(self, matter):
        self.asked += 1
        if self.refuses:
            raise Refused(self.refuses)
        self.must_be_told(matter)
        self.replaced.append(matter.id)
        return f"{matter.order}-X1"

    def must_be_told(self, matter):
        """The order hears of it by its record, and by nothing else."""
        record = self.records.get(matter.id)
        if self.is_slow or record is None or standing(record.matter) is AfterSale.OPEN:
            raise NotYet("order_not_told")

    async def assess(self, matter):
        self.asked += 1
        self.must_be_told(matter)
        shares = tuple(Share(what="goods", amount=part.amount) for part in self.parts)
        return Assessed(shares=shares, parts=self.parts, at=now())


class Counter(House):
    """A house that takes things back."""

    def __init__(self, env, *amounts):
        super().__init__(env)
        self.books = Books(tuple(self.part(f"tx{n}", amount) for n, amount in enumerate(amounts)))

    @staticmethod
    def part(transaction, minor):
        whole = Money(minor=100_00)
        return Part(transaction=transaction, bill="B0001-pay-1", party="wechat", whole=whole, amount=Money(minor=minor))

    def kept(self):
        mine = self.memory
        return worker.Memory(mine, mine, mine, mine, mine, mine, mine, self.links, returns=self.books)

    async def ask(self, **fields):
        number = f"B0001-R{len(self.started) + 1}"
        usual = {
            "id": number,
            "business_no": number,
            "order": "web/shop/B0001",
            "received_at": now(),
            "kind": Kind.REFUND_ONLY,
            "why": Why.NOT_AS_DESCRIBED,
            "claims": (Claim(line=0, quantity=1),),
            "asked_by": "customer",
            "judgement": YES,
            "steps": (HOUSE,),
            "amount": Money(minor=50_00),
            "policy": BRISK,
        }
        matter = Return(**{**usual, **fields})
        story = await self.client.start_workflow(
            ReturnWorkflow.run,
            matter,
            id=f"return/{matter.id}",
            task_queue="stories",
            search_attributes=attributes(matter, RETURNS),
        )
        story.matter = matter
        self.started.append(story)
        return story

    async def wish(self, story, wish):
        return await granted(story, ReturnWorkflow.wish, wish)

    async def refused(self, story, wish):
        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await self.wish(story, wish)
        return failed.value.cause.message

    async def current(self, story):
        return await story.query(ReturnWorkflow.current)

    async def over(self, story, within=40):
        stage = await asyncio.wait_for(story.result(), within)
        matter = self.books.records[story.matter.id].matter
        assert stage_of(matter) is stage
        return matter


def scanned(kind, number, source="warehouse", **body):
    return Telling(kind=kind, source=source, id=number, at=now(), body=body)


SENT = {"courier": "sf", "waybill": "SF1"}
GRADED = [{"line": 0, "quantity": 1, "grade": "as_new"}]


@pytest.fixture
async def counter(env):
    house = Counter(env, 30_00, 20_00)
    async with house.at_work():
        yield house


async def test_a_refund_is_agreed_by_the_house_let_go_by_finance_and_paid_back_once_of_each_payment(counter):
    story = await counter.ask()
    await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.DUE)
    assert counter.done(What.REFUND) == []

    assert await counter.wish(story, Trigger(by="fin")) is ReturnStage.TRIGGERED
    matter = await counter.over(story)

    assert stage_of(matter) is ReturnStage.REFUNDED
    assert [(deed.key, deed.amount.minor) for deed in counter.done(What.REFUND)] == [
        ("B0001-R1-refund-1", 30_00),
        ("B0001-R1-refund-2", 20_00),
    ]
    assert (counter.books.asked, matter.assessed.parts) == (1, counter.books.parts)


async def test_what_is_little_goes_by_itself(counter):
    story = await counter.ask(freely=Money(minor=50_00))

    assert stage_of(await counter.over(story)) is ReturnStage.REFUNDED


async def test_goods_come_back_before_the_money_goes(counter):
    story = await counter.ask(kind=Kind.RETURN)
    assert await counter.refused(story, Trigger(by="fin")) == "not_due"
    await story.signal(ReturnWorkflow.channel_update, scanned("goods_sent_back", "s1", "channel", **SENT))
    await story.signal(ReturnWorkflow.warehouse_scan, scanned("goods_arrived", "a1", place="WH"))
    await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.ARRIVED)
    await story.signal(ReturnWorkflow.warehouse_scan, scanned("goods_inspected", "i1", place="WH", graded=GRADED))
    await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.DUE)
    await counter.wish(story, Trigger(by="fin"))

    assert stage_of(await counter.over(story)) is ReturnStage.REFUNDED


@pytest.mark.parametrize(("grade", "ends"), [("as_new", ReturnStage.REFUNDED), ("worn", ReturnStage.DUE)])
async def test_of_goods_that_came_back_as_they_went_a_little_goes_by_itself(counter, grade, ends):
    story = await counter.ask(kind=Kind.RETURN, freely=Money(minor=50_00))
    looked = {"place": "WH", "graded": [{**GRADED[0], "grade": grade}]}
    for scan in (("goods_arrived", "a1", {"place": "WH"}), ("goods_inspected", "i1", looked)):
        await story.signal(ReturnWorkflow.warehouse_scan, scanned(*scan[:2], **scan[2]))
    matter = await counter.eventually(story, lambda matter: stage_of(matter) is ends)

    assert [wish.by for _, wish in wished(matter, Trigger)] == (["clock"] if ends is ReturnStage.REFUNDED else [])


async def test_nobody_but_the_warehouse_says_what_arrived(counter):
    story = await counter.ask(kind=Kind.RETURN)
    await story.signal(ReturnWorkflow.channel_update, scanned("goods_arrived", "a1", "channel", place="WH"))
    matter = await counter.eventually(story, lambda matter: bool(matter.hearsay))

    assert stage_of(matter) is ReturnStage.APPROVED


async def test_two_levels_agree_each_by_a_person_of_its_own_and_a_third_lets_the_money_go(counter):
    story = await counter.ask(steps=BOTH)
    ops = {"role": Role.OPS, "is_agreed": True, "word": "fine"}
    assert await counter.refused(story, Decide(by="customer", **ops)) == "asked_for_it_yourself"
    await counter.wish(story, Decide(by="wu", role=Role.SERVICE, is_agreed=True, word="fine"))
    await asyncio.gather(
        counter.wish(story, Decide(by="he", **ops)),
        counter.wish(story, Decide(by="ma", rung=Owner.MANAGER, **ops)),
    )
    await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.DUE)

    assert await counter.refused(story, Trigger(by="he")) == "second_pair_of_eyes"
    await counter.wish(story, Trigger(by="fin"))
    assert stage_of(await counter.over(story)) is ReturnStage.REFUNDED


@pytest.mark.parametrize(
    ("fields", "wish", "end"),
    [
        ({"steps": SERVICE}, Decide(by="wu", role=Role.SERVICE, is_agreed=False, word="no"), ReturnStage.REFUSED),
        ({"steps": SERVICE}, Withdraw(by="customer"), ReturnStage.WITHDRAWN),
        ({}, RefuseRefund(by="fin", word="no"), ReturnStage.REFUSED),
        ({"judgement": NO, "steps": ()}, None, ReturnStage.REFUSED),
        (
            {"kind": Kind.RETURN, "patience": Patience(send_back_within=timedelta(seconds=1))},
            None,
            ReturnStage.EXPIRED,
        ),
    ],
    ids=["refused", "withdrawn", "refused by finance", "refused by policy", "lapsed"],
)
async def test_every_other_end_moves_no_money(counter, fields, wish, end):
    story = await counter.ask(**fields)
    if wish:
        await counter.wish(story, wish)

    assert stage_of(await counter.over(story)) is end
    assert (counter.done(What.REFUND), counter.books.asked) == ([], 0)


async def test_once_the_money_is_on_its_way_nobody_turns_it_round(counter):
    story = await counter.ask()
    counter.wechat.moods[What.REFUND] = refuses
    await counter.wish(story, Trigger(by="fin"))
    await counter.eventually(story, lambda matter: matter.hold is not None)

    assert await counter.refused(story, Withdraw(by="customer")) == "money_is_on_its_way"
    assert await counter.refused(story, RefuseRefund(by="fin", word="no")) == "not_due"

    del counter.wechat.moods[What.REFUND]
    await counter.wish(story, Retry(by="fin"))
    await counter.over(story)
    assert [deed.key for deed in counter.done(What.REFUND)] == ["B0001-R1-refund-1", "B0001-R1-refund-3"]


async def test_money_of_which_the_provider_tells_that_it_keeps_it_is_not_asked_for_a_second_time(counter):
    counter.wechat.moods[What.REFUND] = takes_the_task
    story = await counter.ask()
    await counter.wish(story, Trigger(by="fin"))
    await counter.until(lambda: counter.done(What.REFUND))
    told = refund_settled("B0001-R1-refund-1", end="abnormal", at=now())
    await story.signal(ReturnWorkflow.payment_callback, told)
    matter = await counter.eventually(story, lambda matter: matter.hold is not None)

    assert matter.hold.code == "refund_refund_abnormal"
    assert await counter.refused(story, Retry(by="fin")) == "settle_with_provider"
    assert await counter.wish(story, GiveUp(by="fin")) is ReturnStage.TRIGGERED
    assert [deed.key for deed in counter.done(What.REFUND)][:1] == ["B0001-R1-refund-1"]


async def test_money_that_the_provider_keeps_is_not_asked_for_again_once_something_else_is_mended(counter):
    counter.books.parts = counter.books.parts[:1]
    counter.wechat.moods.update({What.REFUND: takes_the_task, "find": key_expired})
    story = await counter.ask()
    await counter.wish(story, Trigger(by="fin"))
    await counter.eventually(story, lambda matter: matter.hold and matter.hold.code == "refund_account_wrong")
    told = refund_settled("B0001-R1-refund-1", end="abnormal", at=now())
    await story.signal(ReturnWorkflow.payment_callback, told)
    counter.wechat.moods.clear()
    await counter.wish(story, Retry(by="fin"))
    await counter.eventually(story, lambda matter: matter.hold and matter.hold.code == "refund_refund_abnormal")

    assert await counter.refused(story, Retry(by="fin")) == "settle_with_provider"
    assert [deed.key for deed in counter.done(What.REFUND)] == ["B0001-R1-refund-1"]
    assert list(counter.memory.claims) == ["B0001-R1-refund-1"]


async def test_money_of_which_its_provider_never_says_anything_is_given_by_hand_once_people_were_called(counter):
    counter.books.parts = counter.books.parts[:1]
    counter.wechat.moods.update({What.REFUND: takes_the_task, "find": says_nothing})
    patience = BRISK.model_copy(update={"refund_within": timedelta(seconds=2)})
    story = await counter.ask(policy=patience)
    await counter.wish(story, Trigger(by="fin"))
    await counter.until(lambda: counter.done(What.REFUND))
    assert await counter.refused(story, GiveUp(by="fin")) == "not_stuck"
    matter = await counter.eventually(story, lambda matter: matter.cases)
    assert [case.deadline for case in matter.cases] == ["not_refunded"]
    assert await counter.wish(story, GiveUp(by="fin")) is ReturnStage.BY_HAND

    matter = await counter.eventually(story, lambda matter: any(not case.closed_at for case in matter.cases))
    [case] = [case for case in matter.cases if not case.closed_at]
    seen = CloseCase(by="boss", deadline="by_hand_refund", since=case.since, role=Role.FINANCE)
    await counter.wish(story, seen)
    assert stage_of(await counter.over(story)) is ReturnStage.BY_HAND
    assert [deed.key for deed in counter.done(What.REFUND)] == ["B0001-R1-refund-1"]
    assert list(counter.memory.claims) == ["B0001-R1-refund-1"]


@pytest.mark.parametrize("is_given_up", [False, True], ids=["stuck", "given_up"])
async def test_money_that_went_back_after_all_is_given_back_by_nobody_else(counter, is_given_up):
    counter.books.parts = counter.books.parts[:1]
    counter.wechat.moods[What.REFUND] = takes_the_task
    story = await counter.ask()
    await counter.wish(story, Trigger(by="fin"))
    await counter.until(lambda: counter.done(What.REFUND))
    ends = [refund_settled("B0001-R1-refund-1", end=end, id=end, at=now()) for end in ("abnormal", "done")]
    await story.signal(ReturnWorkflow.payment_callback, ends[0])
    await counter.eventually(story, lambda matter: matter.hold is not None)
    if is_given_up:
        assert await counter.wish(story, GiveUp(by="fin")) is ReturnStage.BY_HAND
        await counter.eventually(story, lambda matter: [case for case in matter.cases if not case.closed_at])
    await story.signal(ReturnWorkflow.payment_callback, ends[1])
    matter = await counter.over(story)

    assert (stage_of(matter), matter.hold) == (ReturnStage.REFUNDED, None)
    assert [case.closed_by for case in matter.cases if case.closed_at] == [None] * len(matter.cases)
    assert [errand.key for errand in matter.errands if errand.what is What.REFUND] == ["B0001-R1-refund-1"]


async def test_finance_holds_a_refund_and_lets_it_go_later(counter):
    story = await counter.ask()
    await counter.wish(story, HoldBack(by="fin", reason="looks_odd"))
    assert await counter.refused(story, Trigger(by="fin")) == "held"
    await counter.wish(story, Release(by="fin"))
    await counter.wish(story, Trigger(by="fin"))

    assert stage_of(await counter.over(story)) is ReturnStage.REFUNDED


async def test_what_cannot_be_reckoned_may_still_be_refused(counter):
    async def nobody_holds_it(matter):
        raise Refused("more_than_held")

    counter.books.assess = nobody_holds_it
    story = await counter.ask()
    await counter.wish(story, Trigger(by="fin"))
    await counter.eventually(story, lambda matter: matter.hold is not None)
    await counter.wish(story, RefuseRefund(by="fin", word="no"))

    assert stage_of(await counter.over(story)) is ReturnStage.REFUSED
    assert counter.done(What.REFUND) == []


async def test_goods_that_came_are_not_forgotten_with_their_return(counter):
    story = await counter.ask(kind=Kind.RETURN, patience=Patience(send_back_within=timedelta(seconds=1)))
    await story.signal(ReturnWorkflow.warehouse_scan, scanned("goods_arrived", "a1", place="WH"))
    assert await counter.refused(story, Withdraw(by="customer")) == "goods_are_here"

    late = await counter.ask(kind=Kind.RETURN)
    await counter.wish(late, Withdraw(by="customer"))
    await counter.over(late)
    matter = counter.books.records[late.matter.id].matter
    seen = RETURNS.hear(matter, scanned("goods_arrived", "a2", place="WH"), now())
    assert (RETURNS.may_end(matter), RETURNS.may_end(seen)) == (True, False)
    assert RETURNS.judged(seen)[0].deadline == "goods_without_return"


async def test_who_does_not_decide_in_time_is_a_case_of_service(counter):
    story = await counter.ask(steps=SERVICE, patience=Patience(decide_within=timedelta(seconds=1)))
    matter = await counter.eventually(story, lambda matter: bool(matter.cases))

    [case] = matter.cases
    assert (case.story, case.deadline, case.role) == ("B0001-R1", "undecided", Role.SERVICE)


@pytest.mark.parametrize("freely", [0, 50_00], ids=["by_finance", "by_itself"])
async def test_what_is_more_than_was_let_go_waits_until_finance_has_seen_how_much_it_is(counter, freely):
    story = await counter.ask(amount=Money(minor=40_00), freely=Money(minor=freely))
    if not freely:
        await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.DUE)
        await counter.wish(story, Trigger(by="fin"))
    matter = await counter.eventually(story, lambda matter: matter.hold and matter.cases)

    [case] = matter.cases
    assert (matter.hold.code, case.deadline, case.role) == ("more_than_let_go", "stuck", Role.FINANCE)
    assert (amount(matter).minor, matter.assessed, counter.done(What.REFUND)) == (50_00, None, [])
    seen = Trigger(by="fin", up_to=Money(minor=50_00))
    others = (Retry(by="ops"), GiveUp(by="ops"), seen.model_copy(update={"by": "customer"}))
    assert [await counter.refused(story, wish) for wish in others] == ["let_it_go_again"] * 2 + ["second_pair_of_eyes"]

    await counter.wish(story, seen)
    matter = await counter.over(story)
    assert [deed.amount.minor for deed in counter.done(What.REFUND)] == [30_00, 20_00]
    assert all(case.closed_at for case in matter.cases)


async def test_what_is_more_than_was_let_go_may_be_refused(counter):
    story = await counter.ask(amount=Money(minor=40_00), freely=Money(minor=50_00))
    await counter.eventually(story, lambda matter: matter.hold)
    await counter.wish(story, RefuseRefund(by="fin", word="looked_at"))

    assert stage_of(await counter.over(story)) is ReturnStage.REFUSED
    assert counter.done(What.REFUND) == []


async def key_expired(party, deed):
    raise Refused("account_wrong")


async def says_nothing(party, deed):
    raise Unavailable("not_yet")


async def late(party, deed):
    return Outcome(state=State.REFUSED, code="too_late_to_refund")


async def test_what_a_provider_gives_back_no_more_people_give_and_two_of_them_look_at_it(counter):
    counter.books.parts = counter.books.parts[:1]
    counter.wechat.moods[What.REFUND] = late
    story = await counter.ask()
    await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.DUE)
    await counter.wish(story, Trigger(by="fin"))
    matter = await counter.eventually(story, lambda matter: stage_of(matter) is ReturnStage.BY_HAND and matter.cases)

    assert counter.done(What.REFUND) == []
    [case] = [case for case in matter.cases if not case.closed_at]
    seen = CloseCase(by="fin", deadline=case.deadline, since=case.since, role=Role.FINANCE)
    assert (case.deadline, case.role) == ("by_hand_refund", Role.FINANCE)
    assert await counter.refused(story, seen) == "second_pair_of_eyes"
    packer = seen.model_copy(update={"by": "wh", "role": Role.WAREHOUSE})
    assert await counter.refused(story, packer) == "finance_only"
    await counter.wish(story, seen.model_copy(update={"by": "boss"}))
    assert stage_of(await counter.over(story)) is ReturnStage.BY_HAND


async def test_what_went_by_itself_and_is_given_by_hand_has_been_in_two_peoples_hands(counter):
    counter.books.parts = counter.books.parts[:1]
    counter.wechat.moods[What.REFUND] = late
    story = await counter.ask(freely=Money(minor=50_00))
    matter = await counter.eventually(story, lambda matter: matter.hold)
    assert matter.hold.code == "refund_too_late_to_refund"
    await counter.wish(story, GiveUp(by="fin"))
    matter = await counter.eventually(story, lambda matter: [case for case in matter.cases if not case.closed_at])
    [case] = [case for case in matter.cases if not case.closed_at]
    seen = CloseCase(by="fin", deadline="by_hand_refund", since=case.since, role=Role.FINANCE)

    assert await counter.refused(story, seen) == "second_pair_of_eyes"
    await counter.wish(story, seen.model_copy(update={"by": "boss"}))
    assert stage_of(await counter.over(story)) is ReturnStage.BY_HAND


async def test_the_customer_of_an_urgent_return_hears_of_it_until_a_person_has_it_and_of_its_end(counter):
    brisk = Patience(remind_every=timedelta(milliseconds=200))
    always = Service(begins=time(0), ends=time(0))
    story = await counter.ask(steps=SERVICE, urgent="allergy", patience=brisk, service=always)
    await counter.until(lambda: len(counter.done(What.PROGRESS)) >= 3)
    await counter.wish(story, Decide(by="s1", role=Role.SERVICE, is_agreed=False, word="no"))
    assert stage_of(await counter.over(story)) is ReturnStage.REFUSED

    said = [deed.about for deed in counter.done(What.PROGRESS)]
    assert said[:3] == ["B0001-R1 asked"] * 3
    assert (said[-1], said.count("B0001-R1 refused")) == ("B0001-R1 refused", 1)
    assert len({deed.key for deed in counter.done(What.PROGRESS)}) == len(said) <= 8


async def test_a_shop_that_is_told_of_nothing_halts_no_return(counter):
    counter.shop.moods[What.PROGRESS] = says_no
    story = await counter.ask(steps=SERVICE, urgent="allergy")
    await counter.until(lambda: counter.books.records and counter.books.records["B0001-R1"].matter.errands)
    await counter.wish(story, Withdraw(by="wu"))

    matter = await counter.over(story)
    assert (stage_of(matter), matter.hold, matter.cases) == (ReturnStage.WITHDRAWN, None, ())


class WithWallet(Counter):
    """A shop whose customers may have a balance with it."""

    def __init__(self, env):
        super().__init__(env, 30_00, 20_00)
        self.wallet = Provider("wallet/web/shop")
        self.books.parts = tuple(part.model_copy(update={"party": self.wallet.name}) for part in self.books.parts)

    def parties(self):
        return (*super().parties(), self.wallet)

    def accounts(self):
        return worker.Parties((self.wechat,), (self.sf, self.jd), (self.shop,), wallets=(self.wallet,))


async def test_a_balance_is_credited_once_by_the_wallet_alone_also_when_it_does_it_and_says_nothing(env):
    house = WithWallet(env)
    house.wallet.moods[What.REFUND] = does_it_and_says_nothing
    async with house.at_work():
        story = await house.ask(way=Way.BALANCE, freely=Money(minor=50_00))
        matter = await house.over(story)

    assert (stage_of(matter), matter.way) == (ReturnStage.REFUNDED, Way.BALANCE)
    assert [(deed.key, deed.amount.minor) for deed in house.wallet.done(What.REFUND)] == [
        ("B0001-R1-refund-1", 30_00),
        ("B0001-R1-refund-2", 20_00),
    ]
    assert set(house.wallet.asked) == {"B0001-R1-refund-1", "B0001-R1-refund-2"}
    assert house.wechat.done(What.REFUND) == []
    assert house.memory.claims == {"B0001-R1-refund-1": ("tx0", 30_00), "B0001-R1-refund-2": ("tx1", 20_00)}


async def test_a_wallet_that_refuses_is_a_persons_matter_and_frees_the_money(env):
    house = WithWallet(env)
    house.wallet.moods[What.REFUND] = says_no
    async with house.at_work():
        story = await house.ask(way=Way.BALANCE, freely=Money(minor=50_00))
        matter = await house.eventually(story, lambda matter: matter.hold is not None)
        assert (matter.hold.code, house.memory.claims) == ("refund_not_served", {})

        del house.wallet.moods[What.REFUND]
        await house.wish(story, Retry(by="fin"))
        await house.over(story)
    assert [deed.key for deed in house.wallet.done(What.REFUND)] == ["B0001-R1-refund-1", "B0001-R1-refund-3"]
