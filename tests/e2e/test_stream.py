"""`depesche stream` from end to end: the real command, real servers, kills, and what a reader of its files sees."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import depesche, ingest, load
from tests.e2e.press import sources_file
from tests.e2e.servers import Reply, Servers
from tests.e2e.streams import Newsroom, Windows, ended, stop, streaming, wait_for
from tests.e2e.test_ingest import DEMO
from tests.e2e.test_sources import forget_when
from tests.e2e.test_state import stories

FAST = ("--every", "1s", "--window", "2s")


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def told(run: Any) -> list[tuple[Any, ...]]:
    """What a batch run and a stream have in common: the copies that an article names are those known at the time."""
    skipped = {"copies", "copy_count"}
    return sorted(tuple((name, repr(row[name])) for name in row if name not in skipped) for row in run)


def test_a_corpus_that_is_streamed_gives_the_records_of_a_batch_run(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    shutil.copytree(DEMO, folder)
    lines = stories(folder / "stories.jsonl", 200).read_text("utf-8").splitlines()
    in_order = sorted(lines, key=lambda line: json.loads(line)["published_at"])  # as they would arrive
    (folder / "stories.jsonl").write_text("\n".join(in_order), "utf-8")
    batch = ingest(tmp_path, "batch", "--input", folder)
    with streaming(tmp_path, "stream", "--input", folder, *FAST, "--stop-after", "4s") as process:
        output, _ = ended(process)
    run = load(tmp_path / "stream")
    assert "articles" in output
    counts = run.manifest["counts"]
    assert {name: counts[name] for name in ("read", "rejects")} == {
        name: batch.manifest["counts"][name] for name in ("read", "rejects")
    }
    assert run.manifest["rejects_by_reason"] == batch.manifest["rejects_by_reason"]
    assert sorted(row["url"] or "" for row in run.articles + run.copies) == sorted(
        row["url"] or "" for row in batch.articles + batch.copies
    )
    # Which of some copies stands depends on which came first: the clusters are the same.
    assert clusters(run) == clusters(batch)
    both = {row["id"] for row in run.articles} & {row["id"] for row in batch.articles}
    assert len(both) > 0.8 * len(batch.articles)
    assert told(row for row in run.articles if row["id"] in both) == told(
        row for row in batch.articles if row["id"] in both
    )


def clusters(run: Any) -> set[frozenset[str]]:
    members: dict[str, set[str]] = {row["id"]: {row["id"]} for row in run.articles}
    for row in run.copies:
        members[row["copy_of"]].add(row["id"])
    return {frozenset(some) for some in members.values()}


def test_what_is_published_is_written_within_a_window(tmp_path: Path, servers: Servers) -> None:
    room = Newsroom(servers, "127.0.2.1", 1000)
    first = room.publish(3)
    sources = sources_file(tmp_path / "s.yaml", room.source("blatt"))
    with streaming(tmp_path, "r", "--sources", sources, *FAST) as process:
        wait_for(tmp_path / "r", first)
        for _ in range(3):
            links = room.publish(2)
            started = time.monotonic()
            found = wait_for(tmp_path / "r", links)
            assert found.urls() == sorted(room.links)
            assert time.monotonic() - started < 20.0
        assert not (tmp_path / "r" / "run.json").exists()
        _, errors = stop(process)
    run = load(tmp_path / "r")
    assert sorted(row["url"] for row in run.articles) == sorted(room.links), "each once, and no window again"
    assert (tmp_path / "r" / "report.html").is_file()
    assert " articles" in errors, "a line for each window"
    paths = Counter(asked.path for asked in servers.asked(room.origin))
    assert all(paths[f"/{number}"] == 1 for number in range(len(room.links))), paths


def test_a_stop_writes_what_was_fetched(tmp_path: Path, servers: Servers) -> None:
    room = Newsroom(servers, "127.0.2.1", 2000)
    links = room.publish(4)
    sources = sources_file(tmp_path / "s.yaml", room.source("blatt"))
    with streaming(tmp_path, "r", "--sources", sources, "--every", "1s", "--window", "1h") as process:
        end = time.monotonic() + 30
        while not all(servers.asked(room.origin, f"/{number}") for number in range(4)):
            assert time.monotonic() < end, "nothing was fetched"
            time.sleep(0.1)
        time.sleep(0.5)
        assert not Windows(tmp_path / "r").manifests, "the window is open, and nothing of it is seen"
        stop(process)
    assert sorted(row["url"] for row in load(tmp_path / "r").articles) == links
    assert {path.name for path in (tmp_path / "r").iterdir() if path.name[:4] in ("arti", "copi", "reje", "gone")} == (
        Windows(tmp_path / "r").files()
    )


def test_two_signals_break_it_off(tmp_path: Path, servers: Servers) -> None:
    hanging = servers.serve("127.0.2.9", {"*": Reply(ending="hang", length=10_000)})
    sources = sources_file(tmp_path / "s.yaml", {"name": "a", "kind": "feed", "url": f"{hanging}/rss"}, timeout="300s")
    with streaming(tmp_path, "r", "--sources", sources, *FAST) as process:
        end = time.monotonic() + 30
        while not servers.asked(hanging, "/rss"):
            assert time.monotonic() < end
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode in (0, 1)


def test_a_signal_before_it_runs_is_no_traceback(tmp_path: Path) -> None:
    for wait_s in (0.7, 1.5):
        with streaming(tmp_path, "r", "--input", DEMO, *FAST) as process:
            time.sleep(wait_s)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=30)
        assert process.returncode in (0, 1)
        assert "Traceback" not in errors, errors


def test_files_that_come_during_a_long_window_are_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with streaming(tmp_path, "r", "--input", folder, "--every", "1s", "--window", "24h") as process:
        time.sleep(6)
        lines = 0
        for number in range(2):
            moved = stories(tmp_path / f"{number}.jsonl", 2)
            lines += len(moved.read_text("utf-8").splitlines())
            os.utime(moved, (time.time() - 60, time.time() - 60))
            moved.rename(folder / moved.name)
            time.sleep(3)
        assert not Windows(tmp_path / "r").manifests, "the window is open"
        stop(process)
    assert load(tmp_path / "r").manifest["counts"]["read"] == lines


def test_files_are_read_when_they_are_whole(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    text = "Der Rat der Stadt hat am Abend über den Haushalt beraten. " * 12
    with streaming(tmp_path, "r", "--input", folder, *FAST) as process:
        time.sleep(4)
        growing = (folder / "growing.jsonl").open("w", encoding="utf-8")
        with growing:
            for number in range(4):  # some seconds, with a line cut in half at every look
                line = json.dumps({"url": f"https://example.org/{number}", "text": f"{number}. {text}"}) + "\n"
                growing.write(line[:200])
                growing.flush()
                time.sleep(1.0)
                growing.write(line[200:])
                growing.flush()
        found = wait_for(tmp_path / "r", [f"https://example.org/{number}" for number in range(4)])
        assert not found.lines["rejects"]
        moved = tmp_path / "moved.txt"
        moved.write_text("Eine Überschrift\n\n" + text.replace("Rat", "Landtag"), "utf-8")
        os.utime(moved, (time.time() - 60, time.time() - 60))
        moved.rename(folder / "moved.txt")
        end = time.monotonic() + 20
        while Windows(tmp_path / "r").manifests[-1]["counts"]["read"] != 1:
            assert time.monotonic() < end
            time.sleep(0.2)
        stop(process)
    assert load(tmp_path / "r").manifest["counts"]["read"] == 5


def test_kills_lose_nothing_and_double_nothing(tmp_path: Path, servers: Servers) -> None:
    rooms = [Newsroom(servers, f"127.0.2.{number}", 1000 * number, newest=500) for number in (3, 4)]
    sources = sources_file(tmp_path / "s.yaml", *(room.source(f"b{n}") for n, room in enumerate(rooms)))
    state = ("--state", tmp_path / "state")
    for attempt in range(4):
        with streaming(tmp_path, "r", "--sources", sources, *FAST, *state) as process:
            end = time.monotonic() + 4.0 + 0.7 * attempt
            while time.monotonic() < end:
                for room in rooms:
                    room.publish()
                time.sleep(0.3)
            process.kill()
    with streaming(tmp_path, "r", "--sources", sources, *FAST, *state) as process:
        links = [link for room in rooms for link in room.links]
        wait_for(tmp_path / "r", links)
        stop(process)
    run = load(tmp_path / "r")
    assert Counter(row["url"] for row in run.articles) == Counter(links)
    assert not run.rejects
    assert Counter(row["url"] for row in Windows(tmp_path / "r").lines["articles"]) == Counter(links)
    again = ingest(tmp_path, "again", "--sources", sources, *state)
    assert not again.articles and not again.copies, "batch and stream have one state"


def test_what_changes_is_told_and_what_is_gone_too(tmp_path: Path, servers: Servers) -> None:
    room = Newsroom(servers, "127.0.2.5", 5000)
    links = room.publish(3)
    sources = sources_file(tmp_path / "s.yaml", {"name": "seiten", "kind": "page", "url": links}, per_host_delay="10ms")
    state = tmp_path / "state"
    with streaming(tmp_path, "r", "--sources", sources, *FAST, "--state", state) as process:
        wait_for(tmp_path / "r", links)
        stop(process)
    room.put("/1", 5900)
    room.pages["/2"] = Reply(410, b"")
    forget_when(state)
    with streaming(tmp_path, "later", "--sources", sources, *FAST, "--state", state) as process:
        wait_for(tmp_path / "later", links[1:2])
        stop(process)
    run, windows = load(tmp_path / "later"), Windows(tmp_path / "later")
    assert [(row["url"], row["revision"]) for row in run.articles] == [(links[1], 2)]
    assert [(row["url"], row["status"]) for row in windows.lines["gone"]] == [(links[2], 410)]
    assert [row["reason"] for row in run.rejects] == ["http_status"]


def test_no_source_harms_another(tmp_path: Path, servers: Servers) -> None:
    room = Newsroom(servers, "127.0.2.6", 6000)
    first = room.publish(2)
    room.pages["/junk"] = Reply(200, b"<urlset><url><loc>" * 1000)
    hanging = servers.serve("127.0.2.7", {"*": Reply(ending="hang", length=10_000)})
    flood = Newsroom(servers, "127.0.2.8", 7000, newest=100_000)
    flood.links = [f"{flood.origin}/x{number}" for number in range(20_000)]
    flood.publish()
    sources = sources_file(
        tmp_path / "s.yaml",
        {"name": "hängt", "kind": "feed", "url": f"{hanging}/rss"},
        {"name": "lügt", "kind": "sitemap", "url": f"{room.origin}/junk"},
        flood.source("flut"),
        room.source("blatt"),
        timeout="60s",
    )
    with streaming(tmp_path, "r", "--sources", sources, *FAST) as process:
        wait_for(tmp_path / "r", first, timeout_s=60)
        started = time.monotonic()
        wait_for(tmp_path / "r", room.publish(2), timeout_s=60)
        assert time.monotonic() - started < 30
        stop(process, timeout_s=120)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--every", "soon"), "--every 'soon': give a duration"),
        (("--window", "0s"), "--window '0s': give a duration"),
        (("--shards", "0"), "--shards '0': give a whole number"),
        (("--overwrite",), "--overwrite is for ingest"),
        (("--direct_num_workers=2",), "a stream on the DirectRunner works in one process"),
        (("--input", "{}/nowhere/x"), "there is no folder to watch"),
    ],
)
def test_a_bad_option_says_what_to_change(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    given = [argument.replace("{}", str(tmp_path)) for argument in arguments]
    done = depesche("stream", "--output", tmp_path / "out", "--input", DEMO, *given)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr, done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_options_of_a_stream_are_none_of_ingest(tmp_path: Path) -> None:
    done = depesche("ingest", "--output", tmp_path, "--input", DEMO, "--window", "5m")
    assert done.returncode == 2
    assert "--window is for a stream" in done.stderr


def test_an_ended_stream_is_not_gone_on_with(tmp_path: Path) -> None:
    given = ("--input", DEMO, *FAST)
    with streaming(tmp_path, "r", *given, "--stop-after", "1s") as process:
        ended(process)
    done = depesche("stream", "--output", tmp_path, "--run-id", "r", *given)
    assert done.returncode == 2
    assert "is finished" in done.stderr
