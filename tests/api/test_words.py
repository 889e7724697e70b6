from datetime import timedelta
from string import Formatter

import pytest

from api.pages.dictionary import WORDS
from api.pages.words import Language, span, word
from api.sentences import FIELD_SENTENCES
from api.wishes import WISHERS
from models.case import Owner, Role
from models.errand import State, What
from models.policy import Span
from models.stage import Source, Stage
from models.story import Shield
from rules.silences import BY_NAME


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
        ("deadline", list(BY_NAME)),
        ("span", list(Span)),
        ("outcome", list(State)),
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
        (timedelta(minutes=9, seconds=5), "9 min 5 s", "9 分 5 秒"),
        (timedelta(minutes=56, seconds=9), "56 min", "56 分"),
        (timedelta(minutes=61), "1 h 1 min", "1 小时 1 分"),
        (timedelta(hours=2), "2 h", "2 小时"),
        (timedelta(days=1, minutes=5), "1 d", "1 天"),
        (-timedelta(days=2, hours=3, minutes=9), "2 d 3 h", "2 天 3 小时"),
    ],
)
def test_a_span_has_two_units_at_most(length, english, chinese):
    assert (span(Language.EN, length), span(Language.ZH, length)) == (english, chinese)


def test_sentences_about_fields_name_limits_and_never_values():
    named = {name for sentence in FIELD_SENTENCES.values() for _, name, _, _ in Formatter().parse(sentence) if name}

    assert named <= {"min_length", "max_length", "ge", "le", "gt", "expected", "expected_tags"}
