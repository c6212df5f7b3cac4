"""What a worker keeps beside a state is what the state says."""

from __future__ import annotations

from typing import Any

from transforms.journal import Cache, Journal, drop_carried


class State:
    """The states of one key, as a runner keeps them: what a failed bundle did is taken back."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.version: bytes | None = None

    def journal(self) -> Journal:
        return Journal(_Log(self), _Version(self))

    def copy(self) -> State:
        other = State()
        other.entries, other.version = list(self.entries), self.version
        return other


class _Log:
    def __init__(self, state: State) -> None:
        self._state = state

    def read(self) -> list[bytes]:
        return list(self._state.entries)

    def add(self, entry: bytes) -> None:
        self._state.entries.append(entry)

    def clear(self) -> None:
        self._state.entries.clear()


class _Version:
    def __init__(self, state: State) -> None:
        self._state = state

    def read(self) -> bytes | None:
        return self._state.version

    def write(self, value: bytes) -> None:
        self._state.version = value


class Builds:
    """How often an object was built, and of what."""

    def __init__(self) -> None:
        self.count = 0
        drop_carried("")  # what other tests have left

    def __call__(self, _: str, entries: list[bytes]) -> list[bytes]:
        self.count += 1
        return sorted(entries)


def add(cache: Cache[list[bytes]], state: State, entry: bytes) -> list[bytes]:
    journal = state.journal()
    value = cache.get("k", journal)
    value.append(entry)
    journal.add(entry)
    cache.keep("k", journal, value)
    return value


def test_an_object_is_built_once_while_nobody_else_writes() -> None:
    builds, state = Builds(), State()
    cache = Cache(builds)
    for number in range(10):
        assert add(cache, state, b"%d" % number) == [b"%d" % one for one in range(number + 1)]
    assert builds.count == 1
    assert add(Cache(builds), state, b"z")[0] == b"0"
    assert builds.count == 1, "another instance of the step, in the same process"


def test_a_retried_bundle_does_not_see_what_the_failed_one_did() -> None:
    builds, state = Builds(), State()
    cache = Cache(builds)
    add(cache, state, b"a")
    before = state.copy()
    add(cache, state, b"lost")
    assert add(cache, before, b"b") == [b"a", b"b"]


def test_a_call_that_fails_half_way_leaves_nothing_behind() -> None:
    builds, state = Builds(), State()
    cache = Cache(builds)
    add(cache, state, b"a")
    cache.get("k", state.journal()).append(b"never written")
    assert add(cache, state, b"b") == [b"a", b"b"]


def test_a_key_that_was_elsewhere_for_a_while_is_built_anew() -> None:
    builds, state = Builds(), State()
    here, there = Cache(builds, "here"), Cache(builds, "there")  # two processes
    add(here, state, b"a")
    fork = state.copy()
    add(here, fork, b"x")  # written here, and taken back
    add(there, state, b"b")  # as many entries, and others
    assert add(here, state, b"c") == [b"a", b"b", b"c"]


def test_replacing_is_a_change_like_any_other() -> None:
    builds, state = Builds(), State()
    cache = Cache(builds)
    add(cache, state, b"a")
    add(cache, state, b"b")
    state.journal().replace([b"ab"])
    assert add(cache, state, b"c") == [b"ab", b"c"]
    assert sorted(state.entries) == [b"ab", b"c"]


def test_carried_objects_outlive_a_pipeline_and_its_state() -> None:
    builds: Any = Builds()
    add(Cache(builds, "run/a"), State(), b"a")
    assert add(Cache(builds, "run/a"), State(), b"b") == [b"a", b"b"]
    assert add(Cache(builds, "run/other"), State(), b"c") == [b"c"]
    drop_carried("run/")
    assert add(Cache(builds, "run/a"), State(), b"d") == [b"d"]
