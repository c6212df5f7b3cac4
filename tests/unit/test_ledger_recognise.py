"""What was read before at an id, asked record by record."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import pytest

from transforms.generation import Generation, StatePlan, read_rows
from transforms.ledger.known import KNOWN, SCHEMA, StreamReading, known_among, write_known
from transforms.ledger.recognise import KnownIds, log_of

AT = datetime(2026, 3, 10, tzinfo=UTC)
AT_S = int(AT.timestamp())
DAY_S = 86_400


def name(number: int) -> str:
    return blake2b(b"%d" % number, digest_size=16).hexdigest()


def text(number: int) -> bytes:
    return number.to_bytes(8, "big")


def test_a_text_is_new_once_and_each_other_text_is_the_next_revision() -> None:
    known = KnownIds([])
    found = [known.take(name(1), text(n), AT_S) for n in (1, 1, 2, 2, 3)]
    assert [(one.is_new, one.revision) for one in found] == [(True, 1), (False, 1), (True, 2), (False, 2), (True, 3)]
    assert known.take(name(2), text(1), AT_S).revision == 1, "another id"


def test_two_texts_at_one_address_do_not_take_turns() -> None:
    known = KnownIds([])
    found = [known.take(name(1), text(n % 2), AT_S + n) for n in range(6)]
    assert [one.is_new for one in found] == [True, True, False, False, False, False]


def test_who_is_met_again_and_again_is_told_once_a_day() -> None:
    known = KnownIds([])
    told = [bool(known.take(name(1), text(1), AT_S + hour * 3_600).entries) for hour in range(50)]
    assert [hour for hour, is_told in enumerate(told) if is_told] == [0, 24, 48]


@pytest.mark.parametrize("seed", range(3))
def test_ids_that_are_built_anew_or_compacted_at_any_step_are_known_as_before(seed: int) -> None:
    dice = random.Random(seed)
    asked = [(name(dice.randrange(8)), text(dice.randrange(4)), AT_S + n * 20_000) for n in range(150)]
    undisturbed = KnownIds([])
    expected = [undisturbed.take(*one)[:2] for one in asked]
    log, found = list[bytes](), []
    for number, one in enumerate(asked):
        dice.shuffle(log)
        known = KnownIds(log)
        if number % 20 == 0:
            log = [known.compacted(one[2])]
            known = KnownIds(log)
        taken = known.take(*one)
        found.append(taken[:2])
        log += taken.entries
    assert found == expected


def test_ids_are_forgotten_when_nobody_met_them_for_long() -> None:
    known = KnownIds([])
    known.take(name(1), text(1), AT_S)
    known = KnownIds([known.compacted(AT_S)])
    known.take(name(2), text(1), AT_S + 300 * DAY_S)
    known = KnownIds([known.compacted(AT_S + 401 * DAY_S)])
    assert [known.take(name(n), text(1), AT_S + 401 * DAY_S).is_new for n in (1, 2)] == [True, False]


def test_a_long_log_says_so() -> None:
    known = KnownIds([])
    for number in range(1_001):
        assert not known.is_long
        known.take(name(number), text(0), AT_S)
    assert known.is_long and not KnownIds([known.compacted(AT_S)]).is_long


class Windows:
    """Generations, window by window."""

    def __init__(self, root: Path) -> None:
        self.plan = StatePlan(str(root), None, 1, "run", "a", AT, AT)

    def write(self, *readings: tuple[str, StreamReading]) -> None:
        files = tuple(write_known(self.plan, readings))
        base = Generation(self.plan.number, "run", self.plan.attempt, None, files)
        self.plan = replace(self.plan, base=base, number=base.number + 1, attempt=f"{base.number}")

    def known(self, *ids: str) -> dict[str, tuple[int, bool]]:
        rows = read_rows(self.plan, KNOWN, 0, 0, SCHEMA)
        return {identity: (known.revision, known.stands) for identity, known in known_among(ids, rows)}


def test_windows_keep_what_the_next_start_asks_for(tmp_path: Path) -> None:
    windows = Windows(tmp_path)
    assert write_known(windows.plan, []) == []
    windows.write((name(1), (text(1), True, 1)), (name(2), (text(1), False, 1)))
    windows.write((name(1), (text(1), None, 1)), (name(2), (text(1), None, 1)))
    assert windows.known(name(1), name(2)) == {name(1): (1, True), name(2): (1, False)}, "met again, and no more"
    windows.write((name(2), (text(2), True, 2)), (name(2), (text(2), None, 2)))
    assert windows.known(name(1), name(2)) == {name(1): (1, True), name(2): (2, True)}
    windows.write((name(1), (text(5), False, 2)))
    assert windows.known(name(1)) == {name(1): (2, False)}
    known = KnownIds(entry for part in range(4) for entry in log_of(windows.plan, part, 2))
    for number, contents in ((1, (1, 5)), (2, (1, 2))):
        assert not any(known.take(name(number), text(n), AT_S).is_new for n in contents), "texts that take turns"
    assert known.take(name(2), text(9), AT_S)[:2] == (True, 3)


def test_the_newest_of_very_many_texts_is_known(tmp_path: Path) -> None:
    windows = Windows(tmp_path)
    for number in range(80):
        windows.write((name(1), (text(number), True, number + 1)))
    known = KnownIds(log_of(windows.plan, 0, 0))
    assert known.take(name(1), text(79), AT_S)[:2] == (False, 80)
    inside = KnownIds([])
    assert [inside.take(name(1), text(number), AT_S).revision for number in range(80)] == list(range(1, 81))
    assert not inside.take(name(1), text(79), AT_S).is_new


def test_rows_come_from_their_range_only(tmp_path: Path) -> None:
    windows = Windows(tmp_path)
    windows.write(*((name(n), (text(1), True, 1)) for n in range(50)))
    later = AT_S + int(timedelta(hours=1).total_seconds())
    found = 0
    for part in range(8):
        known = KnownIds(log_of(windows.plan, part, 3))
        found += sum(not known.take(name(n), text(1), later).is_new for n in range(50))
    assert found == 50
