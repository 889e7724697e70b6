import ast
import inspect
import re
from datetime import timedelta
from string import Formatter

import pytest

from api.pages.dictionary import WORDS
from api.pages.words import Language, many, party, span, who, word
from api.return_wishes import WISHERS as RETURN_WISHERS
from api.return_words import MONEY_BECAUSE
from api.returns import TELLERS
from api.sentences import FIELD_SENTENCES
from api.wishes import WISHERS
from connectors.channels import ownshop_wallet
from connectors.couriers import kuaidi100_envelope, sf_envelope
from connectors.payments import alipay_words, wechat_words
from models.case import Owner, Role
from models.errand import State, What
from models.errors import Refused
from models.fact import Milestone, Proof
from models.finding import Check
from models.order import Flag
from models.picture import Occasion
from models.policy import Span
from models.returns import Grade, Kind, Level, Why
from models.rma import ReturnStage
from models.stage import Source, Stage
from models.story import Shield
from rules import approvals, labels, permissions, refund_shares, return_permissions
from rules.return_silences import LADDER
from rules.silences import BY_NAME

TABLES = (
    sf_envelope.PLATFORM,
    sf_envelope.BUSINESS,
    kuaidi100_envelope.SAID,
    alipay_words.CODES,
    alipay_words.SUB_CODES,
    wechat_words.REFUSALS,
)

NO_REASONS = {permissions.STUCK, "clock", *return_permissions.ANSWERED}  # deadlines' names, and ours


def reasons_in(rules):
    """Every reason for which these rules refuse something, as it stands in their code."""
    constants = [node.value for node in ast.walk(ast.parse(inspect.getsource(rules))) if isinstance(node, ast.Constant)]
    words = {word for word in constants if isinstance(word, str) and re.fullmatch("[a-z]+(_[a-z]+)*", word)}
    assert len(words) > 1
    return sorted(words - NO_REASONS)


@pytest.mark.parametrize(
    ("under", "names"),
    [
        ("stage", list(Stage)),
        ("rung", list(Owner)),
        ("role", list(Role)),
        ("source", list(Source)),
        ("shield", list(Shield)),
        ("what", list(What)),
        ("wish", list(WISHERS)),
        ("deadline", [*BY_NAME, *LADDER.by_name, *Check]),
        ("return_stage", list(ReturnStage)),
        ("return_says", list(ReturnStage)),
        ("return_kind", list(Kind)),
        ("return_why", list(Why)),
        ("grade", list(Grade)),
        ("level", list(Level)),
        ("share", re.findall(r'_share\("(\w+)"', inspect.getsource(refund_shares))),
        ("wish", list(RETURN_WISHERS)),
        ("return_what", ["asked", *TELLERS]),
        ("occasion", list(Occasion)),
        ("return_refusal", {*reasons_in(return_permissions), *reasons_in(approvals)} - {"state", "ended_at"}),
        ("money_because", MONEY_BECAUSE),
        ("span", list(Span)),
        ("outcome", list(State)),
        ("outcome", [code for table in TABLES for kind, code in table.values() if kind is Refused]),
        ("outcome", [known.code for known in wechat_words.REFUND_STATES.values() if known.state is State.REFUSED]),
        ("outcome", list(ownshop_wallet.WORDS.values())),
        ("flag", list(Flag)),
        ("refusal", reasons_in(permissions)),
        ("refusal", reasons_in(labels)),
        ("milestone", list(Milestone)),
        ("proof", list(Proof)),
        ("party", ["sf", "wechat", "alipay", "stock", "kuaidi100", *kuaidi100_envelope.COMPANIES]),
    ],
)
def test_every_word_of_ours_is_on_the_pages_in_both_languages(under, names):
    missing = [name for name in names if f"{under}.{name}" not in WORDS]

    assert missing == []


def test_no_word_lacks_a_language():
    assert [key for key, row in WORDS.items() if len(row) != 2 or not all(row)] == []


def test_a_code_that_nobody_translated_can_still_be_read():
    assert word(Language.EN, "refusal.some_new_rule") == "some new rule"


@pytest.mark.parametrize(
    ("length", "english", "chinese"),
    [
        (timedelta(0), "0 s", "0 秒"),
        (timedelta(seconds=59), "59 s", "59 秒"),
        (timedelta(minutes=9, seconds=5), "9 min 5 s", "9 分钟 5 秒"),
        (timedelta(minutes=56, seconds=9), "56 min", "56 分钟"),
        (timedelta(minutes=61), "1 h 1 min", "1 小时 1 分钟"),
        (timedelta(hours=2), "2 h", "2 小时"),
        (timedelta(days=1, minutes=5), "1 d", "1 天"),
        (-timedelta(days=2, hours=3, minutes=9), "2 d 3 h", "2 天 3 小时"),
    ],
)
def test_a_span_has_two_units_at_most(length, english, chinese):
    assert (span(Language.EN, length), span(Language.ZH, length)) == (english, chinese)


def test_one_of_them_is_one():
    assert [many(Language.EN, "cases", count) for count in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]
    assert many(Language.ZH, "cases", 1) == "1 个工单"


def test_a_party_has_the_name_that_people_call_it_by():
    assert [party(Language.ZH, name) for name in ("sf", "kuaidi100.yto", "web/demo")] == [
        "顺丰",
        "圆通 · 快递100",
        "web/demo",
    ]
    assert party(Language.EN, "kuaidi100.somebody") == "kuaidi100.somebody"


def test_whoever_did_it_is_a_role_the_clock_or_a_badge():
    assert [who(Language.EN, by) for by in ("ops", "clock", "B1002")] == ["operations", "the clock", "B1002"]
    assert [who(language, "house") for language in Language] == ["us", "本系统"]


def test_sentences_about_fields_name_limits_and_never_values():
    named = {name for sentence in FIELD_SENTENCES.values() for _, name, _, _ in Formatter().parse(sentence) if name}

    assert named <= {"min_length", "max_length", "ge", "le", "gt", "expected", "expected_tags"}
