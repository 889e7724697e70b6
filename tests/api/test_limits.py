import pytest

from api.limits import Patience, Replays


def test_patience_ends_after_so_many_failures_and_comes_back():
    patience = Patience(failures=3, span=60)
    for moment in (0, 1, 2):
        assert not patience.is_over("10.0.0.1", moment)
        patience.note("10.0.0.1", moment)

    assert patience.is_over("10.0.0.1", 3)
    assert not patience.is_over("10.0.0.2", 3)
    assert not patience.is_over("10.0.0.1", 60)


def test_patience_remembers_only_so_many_places():
    patience = Patience(failures=1, places=2)
    for place in ("a", "b", "c"):
        patience.note(place, 0)

    assert [patience.is_over(place, 1) for place in ("a", "b", "c")] == [False, True, True]


def test_a_replay_is_known_only_after_it_was_kept_and_word_for_word():
    replays = Replays()

    assert not replays.knows(b"wechat/main", b"body")
    replays.note(b"wechat/main", b"body")
    assert replays.knows(b"wechat/main", b"body")
    assert not replays.knows(b"wechat/mainbody", b"")
    assert not replays.knows(b"wechat/other", b"body")


@pytest.mark.parametrize("more", [1, 5])
def test_replays_forget_the_oldest(more):
    replays = Replays(remembered=10)
    for number in range(10 + more):
        replays.note(str(number).encode())

    assert [replays.knows(str(number).encode()) for number in (more - 1, more)] == [False, True]
