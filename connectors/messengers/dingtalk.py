"""A DingTalk group's robot: words to the people on duty, twenty a minute.

Source: https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages (signature, limits, error codes),
read 2026-11; the signature is checked against an independent client in the tests of the simulated robot.
"""

import base64
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, SecretStr

from connectors.http import Answer, Ask, Caller, understood
from models.errors import Failure, Garbled, Refused, Unavailable
from models.noun import Id

A_MINUTE = timedelta(minutes=1)
LONGEST = 20_000  # bytes of one message
SAID: dict[int, tuple[type[Failure], str]] = {
    -1: (Unavailable, "party_failed"),  # 系统繁忙
    130101: (Unavailable, "throttled"),  # send too fast, exceed 20 times per minute; it is then silent for 10 minutes
    410100: (Unavailable, "throttled"),  # 发送速度太快而限流
    300001: (Refused, "account_wrong"),  # token is not exist
    310000: (Refused, "account_wrong"),  # keyword, signature, clock or IP
    460101: (Refused, "too_long"),  # message too long, exceed 20000 bytes
}


class Account(BaseModel):
    """One robot in one group."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Id = "dingtalk"
    address: str = "https://oapi.dingtalk.com"
    access_token: SecretStr
    secret: SecretStr  # SEC…
    in_a_minute: int = 20


class _Said(BaseModel, frozen=True, hide_input_in_errors=True):
    errcode: int


class DingTalk:
    """One robot. It keeps below its limit by itself, because the punishment for one too many is ten minutes."""

    def __init__(self, account: Account, line: Caller, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.account, self.line, self.now = account, line, now
        self.name = account.name
        self._lately: deque[datetime] = deque()

    async def send(self, text: str) -> None:
        """To the group. Raises: Refused; Unavailable: `too_soon` and `throttled` nobody read, anything else perhaps."""
        words = json.dumps({"msgtype": "text", "text": {"content": text}}, ensure_ascii=False).encode()
        if len(words) > LONGEST:
            raise Refused("too_long")
        self._keep_pace()
        headers = {"content-type": "application/json;charset=utf-8"}
        answer = await self._carry(Ask("POST", f"/robot/send?{self._signed()}", words, headers))
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise Garbled(f"status_{answer.status}")
        code = understood(_Said, answer.body).errcode
        if code != 0:
            kind, ours = SAID.get(code, (Refused, f"refused_{code}"))
            raise kind(ours)

    async def _carry(self, ask: Ask) -> Answer:
        try:
            return await self.line.send(ask)
        except Garbled as odd:
            if odd.code == "redirected":  # how they punish: sent away to a page for ten minutes
                raise Unavailable("throttled") from None
            raise

    def _keep_pace(self) -> None:
        now = self.now()
        while self._lately and now - self._lately[0] >= A_MINUTE:
            self._lately.popleft()
        if len(self._lately) >= self.account.in_a_minute:
            raise Unavailable("too_soon")  # by us: it never left, and nobody punishes us
        self._lately.append(now)

    def _signed(self) -> str:
        secret, at = self.account.secret.get_secret_value(), str(int(self.now().timestamp() * 1000))
        seal = base64.b64encode(hmac.new(secret.encode(), f"{at}\n{secret}".encode(), hashlib.sha256).digest())
        token = self.account.access_token.get_secret_value()
        return urlencode({"access_token": token, "timestamp": at, "sign": seal.decode()})
