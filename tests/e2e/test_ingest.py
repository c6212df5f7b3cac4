"""`ingest` from end to end: the real command on real files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fasteners import InterProcessLock

from tests.e2e.commands import ROOT, depesche, environment, ingest, load

DEMO = ROOT / "seeds" / "demo"
WORDS = ("Hafen", "Rat", "Schiff", "Brücke", "Markt", "Kran", "Kai", "Fähre", "Schleuse", "Werft", "Lotse", "Anker")


def corpus(path: Path, count: int) -> Path:
    """Invented documents: every tenth repeats the text of the one before it at another address."""
    with path.open("w", encoding="utf-8") as stream:
        for n in range(count):
            story = n - 1 if n % 10 == 9 else n
            words = [f"{WORDS[(story * k + k * k) % len(WORDS)]}{story % (k + 2)}" for k in range(1, 60)]
            text = f"Der Bericht Nummer {story} aus dem Hafen beginnt hier. {' '.join(words)} und das ist alles."
            row = {"id": n, "url": f"https://o{n % 7}.example/{n}", "text": text, "published_at": "2026-03-04"}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def test_the_demo_gives_every_kind_of_result_and_the_same_lines_twice(tmp_path: Path) -> None:
    first = ingest(tmp_path, "one", "--input", DEMO)
    counts = first.manifest["counts"]
    assert (counts["articles"], counts["copies"], counts["rejects"]) == (27, 4, 7), "see seeds/README.md"
    taken = first.manifest["extraction"]
    assert (taken["blocks"], taken["trafilatura"], taken["unsure"], taken["failed"]) == (8, 2, 2, 0)
    assert {"de", "en"} <= {article["language"] for article in first.articles}
    assert any(article["agency"] == "dpa" for article in first.articles)
    assert any(article["paywalled"] for article in first.articles)
    second = ingest(tmp_path, "two", "--input", DEMO / "**")
    assert first.lines() == second.lines()


def test_two_worker_processes_write_the_same_lines(tmp_path: Path) -> None:
    documents = corpus(tmp_path / "in.jsonl", 300)
    one = ingest(tmp_path, "one", "--input", documents, "--input", DEMO)
    two = ingest(
        tmp_path,
        "two",
        *("--input", documents, "--input", DEMO),
        *("--direct_num_workers=2", "--direct_running_mode=multi_processing"),
    )
    assert one.lines() == two.lines()


def test_a_killed_run_leaves_no_manifest_and_ends_the_same_when_started_again(tmp_path: Path) -> None:
    documents = corpus(tmp_path / "in.jsonl", 1000)
    arguments = ("--input", documents)
    command = [sys.executable, "-m", "pipeline", "ingest", "--output", tmp_path, "--run-id", "dies", *arguments]
    with subprocess.Popen(
        list(map(str, command)), cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("dies/beam-temp-*")):  # Beam is writing
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline, "the run never began to write"
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    assert not (tmp_path / "dies" / "run.json").exists()
    (tmp_path / "dies" / "articles-00003-of-00009.jsonl").write_text("{}\n")  # a shard of the dead run
    (tmp_path / "dies" / "note.txt").write_text("not ours")
    whole = ingest(tmp_path, "whole", *arguments)
    again = ingest(tmp_path, "dies", *arguments)
    assert whole.lines() == again.lines()
    assert (tmp_path / "dies" / "note.txt").read_text() == "not ours"


def test_a_finished_run_is_not_overwritten_unless_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Der neue Hafen ist am Montag eröffnet worden.")
    ingest(tmp_path / "out", "r", "--input", tmp_path / "a.txt")
    before = load(tmp_path / "out" / "r")
    again = depesche("ingest", "--input", tmp_path / "a.txt", "--output", tmp_path / "out", "--run-id", "r")
    assert again.returncode == 2 and "--overwrite" in again.stderr
    assert load(tmp_path / "out" / "r") == before
    ingest(tmp_path / "out", "r", "--input", tmp_path / "a.txt", "--overwrite")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--output", "out"], "--input"),
        (["--input", "{tmp}/a.txt"], "--output"),
        (["--input", "{tmp}/none-*.txt", "--output", "out"], "none-*.txt: matches no file"),
        (["--input", "{tmp}/a.txt", "--output", "out", "--inputs", "x"], "did you mean --input"),
        (["--input", "{tmp}/a.txt", "--output", "out", "--run-id", "../x"], "--run-id"),
        (["--input", "{tmp}/a.txt", "--output", "out", "--max-bytes", "ten"], "--max-bytes"),
        (["--input", "{tmp}/a.txt", "--output", "out", "--num-workers=many"], "unknown option --num-workers"),
        (["--input", "{tmp}/a.txt", "--output", "out", "--num_workers=many"], "num_workers"),
        (["--input", "{tmp}/a.txt", "--output", "{tmp}/a.txt"], "cannot be written"),
        (["--input", "{tmp}/a.txt", "--output", "out[1]"], "without them"),
        (["--input", "{tmp}/a.txt", "--output", "nope://bucket/x"], "--output nope://bucket/x"),
        (["--input", "{tmp}", "--output", "{tmp}/out"], "lies inside of --input"),
        (["--input", "{tmp}/a.txt", "--output", "out", "--runner=Foo"], "--runner Foo"),
        (["--input", "{tmp}/a.txt", "--output", "out", "--direct_num_workers=-5"], "--direct_num_workers -5"),
    ],
)
def test_a_wrong_call_is_one_message_and_exit_2(tmp_path: Path, arguments: list[str], says: str) -> None:
    (tmp_path / "a.txt").write_text("Ein Text.")
    done = depesche("ingest", *(argument.format(tmp=tmp_path) for argument in arguments), cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_relative_paths_and_names_with_brackets(tmp_path: Path) -> None:
    (tmp_path / "a[1].txt").write_text("Der neue Hafen ist am Montag eröffnet worden.")
    done = depesche("ingest", "--input", "a[1].txt", "--output", "out", "--run-id", "r", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [article["source"] for article in load(tmp_path / "out" / "r").articles] == ["a[1].txt"]


def test_a_failed_call_leaves_a_finished_run_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Der neue Hafen ist am Montag eröffnet worden.")
    before = ingest(tmp_path / "out", "r", "--input", tmp_path / "a.txt")
    arguments = ("--input", tmp_path / "a.txt", "--output", tmp_path / "out", "--run-id", "r", "--overwrite")
    assert depesche("ingest", *arguments, "--runner=Foo").returncode == 2
    assert load(tmp_path / "out" / "r") == before


def test_two_runs_of_one_id_cannot_both_write(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Der neue Hafen ist am Montag eröffnet worden.")
    folder = tmp_path / "out" / "r"
    folder.mkdir(parents=True)
    with InterProcessLock(folder / "run.lock"):
        second = depesche("ingest", "--input", tmp_path / "a.txt", "--output", tmp_path / "out", "--run-id", "r")
        assert second.returncode == 2 and "another process" in second.stderr
    ingest(tmp_path / "out", "r", "--input", tmp_path / "a.txt")  # the file of a process that is gone holds nobody up


def test_odd_files_are_rejects_and_odd_names_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    text = "Der neue Hafen ist am Montag eröffnet worden."
    Path(os.fsdecode(bytes(folder) + b"/caf\xe9.txt")).write_text(text)
    os.mkfifo(folder / "pipe.txt")
    run = ingest(tmp_path / "out", "r", "--input", folder)
    assert [article["source"] for article in run.articles] == ["caf\\xe9.txt"]
    assert [(reject["reason"], reject["source"]) for reject in run.rejects] == [("unreadable", "pipe.txt")]
