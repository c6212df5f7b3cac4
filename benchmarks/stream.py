"""Streams: what they hold in memory, how late their lines are, what they cost while nothing happens.

    python -m benchmarks.stream [polls] [latency] [idle] [soak] [--runner=PrismRunner --prism_location=prism]

``polls``: one feed asked 10,000 times, with a clock that is 81 s further at each; every step of the graph is real,
the state is committed with every window of ten minutes, and the runner ends every hundred polls, as it does in a stream
on the DirectRunner. ``latency``: 30 stories, from their publication to the manifest that names their line. ``idle``:
five feeds in which nothing happens. ``soak``: a story a second, for some minutes. The last three are the real command;
options of a runner are handed on to it. Servers are local; all is asked for by default but ``soak``.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import apache_beam as beam
from apache_beam.transforms.window import TimestampedValue

from pipeline import options as command
from pipeline import recipe
from pipeline.config import RunConfig
from tests.e2e.press import sources_file
from tests.e2e.servers import NOT_FOUND, Asked, Reply, Servers
from tests.e2e.streams import Newsroom, Windows, stop, streaming

POLLS, IN_PIECE = 10_000, 100
TICK_S = 81.0
"""By the clock of the servers' answers, which goes as clocks do, nothing changes for long: the cadence of ten seconds
is stretched to eighty at most."""
SHOWN = (200, 1_000, 2_500, 5_000, 7_500, 10_000)
POLLS_TO_NEWS = 5
ITEMS = 30
LATENCY = ("--every", "2s", "--window", "5s")
HERTZ = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="WHAT", help="polls, latency, idle, soak")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the soak (default: 10)")
    parser.add_argument("--polls", type=int, default=POLLS, help=f"(default: {POLLS})")
    logging.getLogger().setLevel(logging.ERROR)
    given, runner = parser.parse_known_args()
    what = given.what or ["polls", "latency", "idle"]
    with tempfile.TemporaryDirectory() as folder, Servers() as servers:
        if "polls" in what:
            polls(Path(folder), servers, given.polls)
        if "latency" in what:
            latency(Path(folder), servers, runner)
        if "idle" in what:
            idle(Path(folder), servers, runner)
        if "soak" in what:
            soak(Path(folder), servers, runner, given.minutes)


# ---- memory over polls


def polls(folder: Path, servers: Servers, count: int) -> None:
    """Resident memory while a feed is asked again and again; it has a new story at every fifth poll."""
    room = Newsroom(servers, "127.0.3.1", 1_000_000)
    asked = _with_news(room)
    feed = {"name": "feed", "kind": "feed", "url": f"{room.origin}/news", "every": "10s"}
    sources = sources_file(folder / "polls.yaml", feed, per_host_delay="1ms")
    ticks = folder / "ticks.json"
    arguments = ["--sources", sources, "--output", folder / "out", "--state", folder / "state", "--window", "10m"]
    request = command.parse_request([*map(str, arguments), "--run-id", "polls"], is_stream=True)
    Path(request.config.directory).mkdir(parents=True)
    pipeline = beam.Pipeline(options=request.beam_options)
    with patch("pipeline.reading._ticks", lambda *_: _Given(ticks)), patch.object(RunConfig, "carried_as", "bench"):
        recipe.build(pipeline, _whole_ticks(request.config))
    at_s, start = time.time(), time.perf_counter()
    print("polls   asked  articles  RSS MB  s")
    for piece in range(count // IN_PIECE):
        ticks.write_text(json.dumps([at_s + TICK_S * (piece * IN_PIECE + number) for number in range(IN_PIECE)]))
        pipeline.run().wait_until_finish()
        servers.log.clear()
        if (done := (piece + 1) * IN_PIECE) in SHOWN:
            written = Windows(Path(request.config.directory)).urls()
            took = time.perf_counter() - start
            print(f"{done:6} {asked[0]:6} {len(written):9} {_rss_mb(os.getpid()):7.0f} {took:4.0f}", flush=True)


def _with_news(room: Newsroom) -> list[int]:
    """Put a feed at ``/news`` that has another story at every fifth request; gives how many there were."""
    asked = [0]

    def answer(request: Asked) -> Reply:
        asked[0] += 1
        if asked[0] % POLLS_TO_NEWS == 1:
            room.publish()
        feed = room.pages["/rss"]
        return feed(request) if callable(feed) else NOT_FOUND

    room.pages["/news"] = answer
    return asked


def _whole_ticks(config: RunConfig) -> RunConfig:
    """The run with a poller that takes many ticks in one go, and does not wait for the end of a window at each."""
    if config.stream is None:
        raise TypeError("a stream is what is measured")
    return replace(config, stream=replace(config.stream, is_in_pieces=False))


class _Given(beam.PTransform):
    """The pipeline to the ticks that a file holds when it is run."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = str(path)

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        return begin | beam.Create([self._path]) | beam.FlatMap(_stamped).with_output_types(int)


def _stamped(path: str) -> Iterator[TimestampedValue]:
    for at_s in json.loads(Path(path).read_text("utf-8")):
        yield TimestampedValue(int(at_s * 1e6), at_s)


# ---- the real command


def latency(folder: Path, servers: Servers, runner: list[str]) -> None:
    """Seconds from a story's publication to its line; it is published at any moment of the polls and windows."""
    room = Newsroom(servers, "127.0.3.2", 2_000_000)
    sources = sources_file(folder / "latency.yaml", room.source("feed"))
    dice, took = random.Random(1), list[float]()  # noqa: S311
    with streaming(folder, "latency", "--sources", sources, *LATENCY, *runner, "--quiet") as process:
        _written(folder / "latency", room.publish())
        for _ in range(ITEMS):
            time.sleep(dice.uniform(0.0, 7.0))
            links, start = room.publish(), time.perf_counter()
            _written(folder / "latency", links)
            took.append(time.perf_counter() - start)
        stop(process, timeout_s=120)
    took.sort()
    tenths = statistics.quantiles(took, n=10)
    print(
        f"latency at {' '.join(LATENCY)}, {ITEMS} stories: fastest {took[0]:.1f} s, "
        f"median {statistics.median(took):.1f}, 9 of 10 within {tenths[-1]:.1f}, slowest {took[-1]:.1f}",
        flush=True,
    )


def _written(directory: Path, links: list[str], timeout_s: float = 120.0) -> None:
    """Wait until manifests name files with lines of these addresses."""
    missing, seen, end = set(links), set[str](), time.monotonic() + timeout_s
    while missing:
        if time.monotonic() > end:
            raise RuntimeError(f"not written within {timeout_s:g} s: {missing}")
        for path in directory.glob("window-*.json"):
            if path.name not in seen:
                seen.add(path.name)
                for name in json.loads(path.read_text("utf-8"))["files"].get("articles", ()):
                    for line in (directory / name).read_text("utf-8").splitlines():
                        missing.discard(json.loads(line)["url"])
        time.sleep(0.05)


def idle(folder: Path, servers: Servers, runner: list[str]) -> None:
    """CPU of a stream over five feeds that have nothing new."""
    rooms = [Newsroom(servers, f"127.0.3.{10 + number}", 3_000_000 + 1000 * number) for number in range(5)]
    links = [link for room in rooms for link in room.publish(3)]
    feeds = (room.source(f"feed{number}") for number, room in enumerate(rooms))
    sources = sources_file(folder / "idle.yaml", *feeds)
    arguments = ("--sources", sources, "--every", "10s", "--window", "10s", "--state", folder / "idle-state")
    with streaming(folder, "idle", *arguments, *runner, "--quiet") as process:
        for link in links:
            _written(folder / "idle", [link])
        with _measured(process.pid) as spent:
            time.sleep(60.0)
        print(f"idle, 5 feeds, --every 10s --window 10s: {spent[0]:.1f} s CPU a minute, {_rss_mb(process.pid):.0f} MB")
        stop(process, timeout_s=120)


def soak(folder: Path, servers: Servers, runner: list[str], minutes: float) -> None:
    """A story a second: memory and CPU over time, and at the end every story once."""
    room = Newsroom(servers, "127.0.3.3", 4_000_000, newest=100)
    sources = sources_file(folder / "soak.yaml", room.source("feed"))
    state, directory = folder / "soak-state", folder / "soak"
    arguments = ("--sources", sources, *LATENCY, "--state", state)
    print("min  stories  windows  generations  RSS MB  CPU %")
    with streaming(folder, "soak", *arguments, *runner, "--quiet") as process, _publishing(room):
        for minute in range(1, round(minutes) + 1):
            with _measured(process.pid) as spent:
                time.sleep(60.0)
            windows, kept = (len(list(some)) for some in (directory.glob("window-*.json"), state.glob("*.json")))
            rss_mb = _rss_mb(process.pid)
            print(
                f"{minute:3} {len(room.links):8} {windows:8} {kept:12} {rss_mb:7.0f} {spent[0] / 0.6:6.1f}", flush=True
            )
        stop_at = len(room.links)
        _written(directory, room.links[:stop_at])
        stop(process, timeout_s=120)
    urls = Windows(directory).urls()
    listed, there = Windows(directory).files(), {path.name for path in directory.glob("*-*.jsonl")}
    print(
        f"{stop_at} stories, {len(set(room.links[:stop_at]) - set(urls))} lost, {len(urls) - len(set(urls))} doubled; "
        f"{len(there - listed)} files that no manifest names, {len(listed - there)} missing"
    )


@contextmanager
def _publishing(room: Newsroom) -> Iterator[None]:
    ended = threading.Event()

    def publish() -> None:
        while not ended.wait(1.0):
            room.publish()

    thread = threading.Thread(target=publish, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def _measured(pid: int) -> Iterator[list[float]]:
    """CPU seconds of a process and of all that it has started, meanwhile."""
    spent, before = [0.0], _cpu_s(pid)
    try:
        yield spent
    finally:
        spent[0] = _cpu_s(pid) - before


def _cpu_s(pid: int) -> float:
    return sum(sum(map(int, _stat(one)[11:13])) for one in _family(pid)) / HERTZ


def _rss_mb(pid: int) -> float:
    return sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in _family(pid)) * PAGE_BYTES / 1e6


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    children = [int(one) for path in Path(f"/proc/{pid}/task").glob("*/children") for one in path.read_text().split()]
    return [pid, *(found for child in children for found in _family(child))]


def _stat(pid: int) -> list[Any]:
    """The fields of a process's line behind its name, which may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()


if __name__ == "__main__":
    main()
