"""Who may be spoken with: one line for each party we know the tongue of, one object for each account we hold there."""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from connectors.channels import ownshop_wallet, ownshop_words
from connectors.channels.ownshop import OwnShop
from connectors.channels.ownshop_wallet import OwnShopWallet
from connectors.couriers import kuaidi100_envelope, sf_envelope
from connectors.couriers.kuaidi100 import Kuaidi100
from connectors.couriers.sf import SfExpress
from connectors.http import CallLog, Line
from connectors.messengers import dingtalk
from connectors.messengers.dingtalk import DingTalk
from connectors.payments import alipay_words, wechat_words
from connectors.payments.alipay import Alipay
from connectors.payments.wechat import WeChatPay
from connectors.ports import Channel, Courier, Listener, Messenger, PaymentProvider, Refunder
from models.errors import Missing
from models.noun import Id

LineTo = Callable[[str], Line]


class Tongue(NamedTuple):
    """A party: what an account at it needs, and who speaks for that account."""

    account: type[BaseModel]
    speaker: Callable[[Any, LineTo], Any]


TONGUES: Mapping[str, Mapping[str, Tongue]] = {
    "payments": {
        "wechat": Tongue(wechat_words.Account, lambda account, line: WeChatPay(account, line(account.address))),
        "alipay": Tongue(alipay_words.Account, lambda account, line: Alipay(account, line(account.address))),
    },
    "couriers": {
        "sf": Tongue(sf_envelope.Account, lambda account, line: SfExpress(account, line(account.address))),
        "kuaidi100": Tongue(
            kuaidi100_envelope.Account,
            lambda account, line: Kuaidi100(account, line(account.address), line(account.label_address)),
        ),
    },
    "channels": {
        "ownshop": Tongue(ownshop_words.Account, lambda account, line: OwnShop(account, line(account.address))),
    },
    "wallets": {
        "ownshop": Tongue(ownshop_wallet.Account, lambda account, line: OwnShopWallet(account, line(account.address))),
    },
    "messengers": {
        "dingtalk": Tongue(dingtalk.Account, lambda account, line: DingTalk(account, line(account.address))),
    },
}


LOADS: Mapping[str, Callable[[str], Any]] = {".json": json.loads, ".toml": tomllib.loads}


class Unknown(ValueError):
    """The file of accounts is wrong; the message says where, and never what a secret was."""


class Accounts(BaseModel):
    """What we hold where: for each kind and party a list of accounts, as `[[payments.wechat]]` in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    payments: Mapping[str, tuple[dict[str, Any], ...]] = {}
    couriers: Mapping[str, tuple[dict[str, Any], ...]] = {}
    channels: Mapping[str, tuple[dict[str, Any], ...]] = {}
    wallets: Mapping[str, tuple[dict[str, Any], ...]] = {}
    messengers: Mapping[str, tuple[dict[str, Any], ...]] = {}

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """Raises: Unknown, with the field that is wrong."""
        if path is None:
            return cls()
        try:
            return cls.model_validate(LOADS.get(path.suffix, LOADS[".toml"])(path.read_text("utf-8")))
        except (ValidationError, ValueError) as error:
            raise Unknown(f"{path.name}: {error}") from None


class Registry:
    """Everyone we hold an account with. Use it as a context: its lines are closed at the end."""

    def __init__(self, accounts: Accounts, log: CallLog | None = None) -> None:
        self._log, self._lines = log, list[Line]()
        self._known = {
            (kind, party, speaker.name): speaker
            for kind, parties in TONGUES.items()
            for party, tongue in parties.items()
            for speaker in self._speakers(kind, party, tongue, getattr(accounts, kind).get(party, ()))
        }

    def listener(self, kind: str, party: str, account: Id) -> Listener:
        """Who understands what this account is sent. Raises: Missing."""
        speaker = self._known.get((kind, party, account))
        if speaker is None or not hasattr(speaker, "read"):
            raise Missing("party_unknown")
        found: Listener = speaker
        return found

    def channel(self, channel: str, shop: str) -> Channel:
        """Where buyers order. Raises: Missing."""
        found = {known.name: known for known in self.channels}.get(f"{channel}/{shop}")
        if found is None:
            raise Missing("shop_unknown")
        return found

    @property
    def providers(self) -> tuple[PaymentProvider, ...]:
        """Everyone who holds money."""
        return self._of("payments")

    @property
    def couriers(self) -> tuple[Courier, ...]:
        """Everyone who carries parcels."""
        return self._of("couriers")

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Everywhere buyers order."""
        return self._of("channels")

    @property
    def wallets(self) -> tuple[Refunder, ...]:
        """Everyone who keeps balances for a shop's customers."""
        return self._of("wallets")

    @property
    def messengers(self) -> tuple[Messenger, ...]:
        """Everyone who carries words to our own people."""
        return self._of("messengers")

    def webhook(self, kind: str, account: Id, public_url: str) -> str:
        """Where this account tells us something, its secret part included."""
        for (known, party, name), speaker in self._known.items():
            if (known, name) == (kind, account):
                token = getattr(speaker.account, "push_token", None)
                tail = f"/{token.get_secret_value()}" if token else ""
                return f"{public_url}/webhooks/{kind}/{party}/{account}{tail}"
        raise Missing("party_unknown")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        async with AsyncExitStack() as ending:
            for line in self._lines:
                ending.push_async_exit(line)

    def _of(self, kind: str) -> tuple[Any, ...]:
        return tuple(speaker for (known, _, _), speaker in self._known.items() if known == kind)

    def _speakers(self, kind: str, party: str, tongue: Tongue, told: Iterable[dict[str, Any]]) -> list[Any]:
        try:
            accounts = [tongue.account.model_validate(one) for one in told]
        except ValidationError as error:
            raise Unknown(f"[[{kind}.{party}]]: {error}") from None
        return [tongue.speaker(account, self._line_of(account)) for account in accounts]

    def _line_of(self, account: Any) -> LineTo:
        def line(address: str) -> Line:
            self._lines.append(Line(account.name, address, self._log))
            return self._lines[-1]

        return line
