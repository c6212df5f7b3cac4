"""Which files of a watched folder are taken, and when."""

from __future__ import annotations

import random

from transforms.read.watch import SETTLED_S, Listed, Watch


def listed(name: str, size: int = 1, changed_s: float = 0.0) -> Listed:
    return Listed(name.encode(), size, changed_s)


def test_what_lies_there_is_read_once() -> None:
    watch = Watch()
    assert watch.look([listed("a"), listed("b")], 100.0)[0] == [b"a", b"b"]
    assert watch.look([listed("a"), listed("b")], 200.0) == ([], []), "nothing has changed"


def test_a_file_that_grows_waits_until_it_is_left_alone() -> None:
    watch = Watch()
    assert watch.look([listed("a", 10, 99.0)], 100.0)[0] == []
    assert watch.look([listed("a", 20, 101.0)], 102.0)[0] == [], "it has grown since"
    assert watch.look([listed("a", 20, 101.0)], 101.0 + SETTLED_S)[0] == [b"a"]


def test_a_server_whose_clock_is_ahead_holds_nothing_up() -> None:
    watch = Watch()
    assert watch.look([listed("a", 10, 9_999.0)], 100.0)[0] == []
    assert watch.look([listed("a", 10, 9_999.0)], 110.0)[0] == [b"a"], "as large and as old as at the look before"


def test_a_file_that_has_changed_is_read_again() -> None:
    watch = Watch()
    watch.look([listed("a", 10, 1.0)], 100.0)
    assert watch.look([listed("a", 10, 50.0)], 200.0)[0] == [b"a"]


def test_a_file_that_went_and_came_back_is_new() -> None:
    watch = Watch()
    watch.look([listed("a")], 100.0)
    assert watch.look([], 200.0)[0] == []
    assert watch.look([listed("a")], 300.0)[0] == [b"a"]


def test_entries_in_any_order_tell_all_that_was_seen() -> None:
    rng = random.Random(7)
    watch, entries = Watch(), list[bytes]()
    names = [f"f{number}\udcff.txt".encode("utf-8", "surrogateescape") for number in range(20)]
    for look in range(30):
        there = [Listed(name, rng.randrange(3), float(rng.randrange(3))) for name in names if rng.random() < 0.8]
        entries += watch.look(there, 1000.0 + look)[1]
        rng.shuffle(entries)
        again = Watch.from_entries(entries)
        compact = Watch.from_entries(watch.snapshot())
        probe = [Listed(name, 9, 9.0) for name in names[:10]] + there[10:]
        expected = Watch.from_entries(entries).look(probe, 5000.0)[0]
        assert again.look(probe, 5000.0)[0] == compact.look(probe, 5000.0)[0] == expected
        assert again.look(there, 6000.0)[0] == compact.look(there, 6000.0)[0]
