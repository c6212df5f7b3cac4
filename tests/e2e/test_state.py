"""`--state` from end to end: the real command, run after run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.commands import ROOT, Run, depesche, environment, ingest, load
from tests.e2e.test_ingest import DEMO, corpus
from tests.transforms.test_copies import corpus as similar
from tests.transforms.test_state import clusters


def stories(path: Path, count: int) -> Path:
    """Invented stories in several versions each; the first of more stories are the same ones."""
    with path.open("w", encoding="utf-8") as stream:
        for one in similar(9, count):
            at = one.published_at.isoformat() if one.published_at else None
            stream.write(json.dumps({"url": one.url, "text": one.text, "published_at": at}) + "\n")
    return path


def merged(run: Run) -> set[frozenset[str]]:
    return clusters([(a["id"], a["id"]) for a in run.articles] + [(c["id"], c["copy_of"]) for c in run.copies])


def generations(state: Path) -> list[str]:
    return sorted(path.name for path in state.glob("generation-*.json"))


def test_a_second_run_finds_everything_unchanged_and_a_third_its_news(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = ingest(tmp_path, "one", "--input", DEMO, "--state", state)
    assert first.manifest["counts"]["unchanged"] == 0 and first.manifest["state"]["base"] is None
    second = ingest(tmp_path, "two", "--input", DEMO, "--state", state)
    assert second.manifest["counts"] | {"read": 0, "rejects": 0} == {
        "read": 0,
        "articles": 0,
        "copies": 0,
        "rejects": 0,
        "unchanged": len(first.articles) + len(first.copies),
    }
    assert second.manifest["state"] == {"directory": str(state), "base": 1, "generation": 2}
    news = [
        {"url": first.articles[0]["url"], "text": first.articles[0]["text"] + "\n\nDer Absatz kam am Abend dazu."},
        {"url": "https://spaet.example/kopie", "text": first.articles[1]["text"] + "\n\nWir berichten weiter."},
    ]
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, news)))
    third = ingest(tmp_path, "three", "--input", tmp_path / "news.jsonl", "--state", state)
    ((changed,), (copy,)) = third.articles, third.copies
    assert (changed["id"], changed["revision"]) == (first.articles[0]["id"], 2)
    assert copy["copy_of"] == first.articles[1]["id"]


def test_a_killed_run_leaves_the_state_as_it_was(tmp_path: Path) -> None:
    state = tmp_path / "state"
    one = stories(tmp_path / "one.jsonl", 40)
    first = ingest(tmp_path, "one", "--input", one, "--state", state)
    more = stories(tmp_path / "more.jsonl", 120)
    arguments = ["ingest", "--output", tmp_path, "--run-id", "dies", "--input", more, "--state", state]
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 120
        while not list(state.glob("000002-*/*.parquet")):  # it is writing the next generation
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline, "the run never wrote its state"
            time.sleep(0.005)
        process.kill()
    assert generations(state) == ["generation-000001.json"], "a run that died committed"
    assert not (tmp_path / "dies" / "run.json").exists()
    again = ingest(tmp_path, "dies", "--input", more, "--state", state)
    assert again.manifest["counts"]["unchanged"] == first.manifest["counts"]["read"]
    whole = ingest(tmp_path / "whole", "r", "--input", more)
    both = Run(first.articles + again.articles, first.copies + again.copies, [], {})
    assert merged(both) == merged(whole) and len(whole.articles) == 120
    assert len(list(state.glob("0*"))) == 2, "what the dead run left is cleared away"


def test_a_run_that_died_between_its_generation_and_its_manifest_is_whole(tmp_path: Path) -> None:
    state, documents = tmp_path / "state", corpus(tmp_path / "in.jsonl", 20)
    for name in ("again", "next"):
        directory = tmp_path / f"died-before-{name}"
        ingest(tmp_path, directory.name, "--input", documents, "--state", state)
        before = load(directory)
        (directory / "run.json").rename(directory / "run.json.part")  # as a kill between the two leaves it
        if name == "again":
            done = depesche(
                *("ingest", "--output", tmp_path, "--run-id", directory.name),
                *("--input", documents, "--state", state),
            )
            assert done.returncode == 0 and "nothing was left to do" in done.stdout
        else:
            ingest(tmp_path, "next", "--input", documents, "--state", state)
        assert load(directory) == before


def test_two_runs_at_once_do_not_both_commit(tmp_path: Path) -> None:
    state, documents = tmp_path / "state", corpus(tmp_path / "in.jsonl", 300)
    command = [sys.executable, "-m", "pipeline", "ingest", "--output", tmp_path, "--input", documents, "--state", state]
    both = [
        subprocess.Popen(
            [*map(str, command), "--run-id", name],
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b")
    ]
    ended = [(process.communicate(timeout=200), process.returncode) for process in both]
    assert sorted(status for _, status in ended) == [0, 1], ended
    (message,) = [error for (_, error), status in ended if status == 1]
    assert "has committed generation 1 while" in message and len(message.splitlines()) == 1, message
    loser = "ab"[[status for _, status in ended].index(1)]
    assert generations(state) == ["generation-000001.json"]
    assert not (tmp_path / loser / "run.json").exists()
    assert ingest(tmp_path, loser, "--input", documents, "--state", state).manifest["counts"]["unchanged"] == 300


def test_old_generations_go_and_an_overwritten_run_does_not_know_itself(tmp_path: Path) -> None:
    state, documents = tmp_path / "state", corpus(tmp_path / "in.jsonl", 20)
    for name in ("one", "two", "three"):
        ingest(tmp_path, name, "--input", documents, "--state", state, "--keep-state", "2")
    assert generations(state) == ["generation-000002.json", "generation-000003.json"]
    assert sorted(path.name[:6] for path in state.glob("0*")) == ["000002", "000003"]
    other = corpus(tmp_path / "in.jsonl", 30)
    ingest(tmp_path, "four", "--input", other, "--state", state)
    again = ingest(tmp_path, "four", "--input", other, "--state", state, "--overwrite")
    assert again.manifest["state"]["base"] == 3 and again.manifest["counts"]["unchanged"] == 20
    twice = ingest(tmp_path, "four", "--input", other, "--state", state, "--overwrite")
    assert twice.manifest["state"] == again.manifest["state"] and twice.lines() == again.lines()
    ingest(tmp_path, "five", "--input", other, "--state", state)
    late = depesche(
        *("ingest", "--output", tmp_path, "--run-id", "four", "--input", other, "--state", state, "--overwrite")
    )
    assert late.returncode == 2 and "five started from it; give another --run-id" in late.stderr
    assert load(tmp_path / "four").lines() == twice.lines(), "its results were touched all the same"


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--copies-window", "soon", "give a duration such as"),
        ("--copies-window", "0d", "give a duration such as"),
        ("--keep-state", "0", "give a whole number of 1 or more"),
        ("--keep-state", "x", "give a whole number of 1 or more"),
    ],
)
def test_bad_options_say_what_to_change(tmp_path: Path, option: str, value: str, message: str) -> None:
    done = depesche("ingest", "--input", DEMO, "--output", tmp_path, "--state", tmp_path / "s", option, value)
    assert done.returncode == 2 and f"{option} '{value}': {message}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_state_that_is_a_file_or_lies_in_the_input_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("Ein Text.")
    for state, says in (("file", "--state"), ("in/state", "lies inside of --input")):
        arguments = ("--input", tmp_path / "in", "--output", tmp_path / "out", "--state", tmp_path / state)
        done = depesche("ingest", *arguments)
        assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_a_broken_state_is_one_message(tmp_path: Path) -> None:
    state = tmp_path / "s"
    state.mkdir()
    (state / "generation-000001.json").write_text("{")
    done = depesche("ingest", "--input", DEMO, "--output", tmp_path, "--state", state)
    assert done.returncode == 2 and "generation-000001.json cannot be read" in done.stderr
