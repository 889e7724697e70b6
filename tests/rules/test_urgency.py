"""Which notes are urgent."""

import time

import pytest

from api.return_words import URGENT
from rules.urgency import SPELLINGS, urgent_word


def wide(text):
    """Full-width, as some keyboards write it."""
    return "".join("\u3000" if sign == " " else chr(ord(sign) + 0xFEE0) for sign in text)


@pytest.mark.parametrize(
    ("note", "word"),
    [
        ("用了之后全脸过敏", "allergy"),
        ("過敏了，退錢", "allergy"),
        ("收到时外盒破损", "broken"),
        ("瓶子漏液，衣服都湿了", "leak"),
        ("充电时起火", "fire"),
        ("孩子受伤了", "hurt"),
        ("洗一次就掉色", "fading"),
        ("ALLERGIC reaction!", "allergy"),
        (wide("ALLERGY"), "allergy"),
        ("It was Broken", "broken"),
        ("it broke", "broken"),
        ("包装broken了", "broken"),
        ("it's leaking everywhere", "leak"),
        ("it caught fire", "fire"),
        ("过 敏", "allergy"),
        ("过\u200b敏", "allergy"),
        ("破损，而且手受伤", "hurt"),
        ("the bottle leaks and my skin has a rash", "allergy"),
    ],
)
def test_a_word_of_urgency_is_heard_however_it_is_written(note, word):
    assert urgent_word(note) == word


@pytest.mark.parametrize(
    "note",
    [
        "",
        "尺码不合，想换大一号",
        "没有破损",
        "没破损，就是不喜欢",
        "商品无破损、漏液，不想要了",
        "没有发现任何破损和漏液",
        "包装沒有破損",
        "皮肤不过敏",
        "并未受伤",
        wide("not broken"),
        "Not broken, I just changed my mind",
        "not broken了",
        "no leaks or damage",
        "it isn\u2019t leaking",
        "It doesn't leak",
        "has never been broken",
        "no signs of damage",
        "unbreakable, fireplace, trash, explore",
        "the unbroken seal",
    ],
)
def test_what_is_denied_or_only_looks_alike_waits_its_turn(note):
    assert urgent_word(note) is None


@pytest.mark.parametrize(
    ("note", "word"),
    [
        ("没有破损，漏液了", "leak"),
        ("外盒没有破损，里面漏液", "leak"),
        ("有没有破损我不清楚，过敏了", "allergy"),
        ("是不是过敏？", "allergy"),
        ("不是没有破损", "broken"),
        ("不小心烫伤", "hurt"),
        ("无法使用，冒烟", "fire"),
        ("no, it is broken", "broken"),
        ("not only broken but dirty", "broken"),
        ("no leak, but it is damaged", "broken"),
    ],
)
def test_a_denial_reaches_no_further_than_its_own_words(note, word):
    assert urgent_word(note) == word


def test_what_is_not_understood_is_urgent():
    assert urgent_word("没有包装破损") == urgent_word("破损是没有的") == "broken"


def test_a_long_note_is_read_in_no_time():
    began = time.monotonic()

    assert urgent_word("没有 " * 50_000 + "not any any " * 20_000) is None
    assert time.monotonic() - began < 5


def test_every_word_has_words_for_people():
    assert list(URGENT) == list(SPELLINGS)
