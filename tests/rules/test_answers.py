"""What orders that share a box say together."""

from itertools import permutations

import pytest

from models.scan import Answer, Word
from rules.scans import together

YES, AGAIN = (Answer(scan="s1", word=word) for word in (Word.ACCEPTED, Word.DUPLICATE))
NO = Answer(scan="s1", word=Word.REFUSED, reason="held")
UNSURE = Answer(scan="s1", word=Word.KEPT, reason="not_trusted")


@pytest.mark.parametrize("others", [(YES,), (AGAIN, YES), (UNSURE, YES), (None,), (None, UNSURE, YES)])
def test_one_refusal_keeps_the_box_whoever_has_spoken(others):
    assert {together(said) for said in permutations((NO, *others))} == {NO}


@pytest.mark.parametrize("heard", [(), (YES,), (UNSURE,), (YES, AGAIN)])
def test_anything_else_waits_for_the_last_of_them(heard):
    assert {together(said) for said in permutations((None, *heard))} == {None}


def test_who_decides_nothing_decides_for_all_and_else_the_first_speaks():
    assert {together(said) for said in permutations((UNSURE, YES, AGAIN))} == {UNSURE}
    assert (together((YES, AGAIN)), together((AGAIN, YES)), together(())) == (YES, AGAIN, None)
