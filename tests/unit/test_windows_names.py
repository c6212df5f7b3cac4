"""A stream's windows, pieces and looks: what they are called, how long they last, and what is told of a broken one."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.portability import common_urns

from pipeline.config import RunConfig, Stream, UsageError
from pipeline.pieces import is_more, piece_end_s, times
from pipeline.windows import take_up
from transforms.read.watch import Listed, Watch
from transforms.stable import StableParDo
from transforms.write.publishing import manifests
from transforms.write.windows import manifest_name, next_name, window_name

AT = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)


def stream(tmp_path: Path, **more: Any) -> Stream:
    given: dict[str, Any] = {"every_s": 0.2, "window_s": 600.0, "stop_after_s": None}
    paths = {"stop_path": str(tmp_path / "stop"), "drained_path": str(tmp_path / "drained")}
    return Stream(shards=1, is_by_language=False, is_in_pieces=True, **(given | paths | more))


def test_names_sort_like_their_times_and_parts_are_counted() -> None:
    assert window_name(AT) == "20260304T080000Z"
    assert window_name(AT.replace(microsecond=500)) == "20260304T080000.000500Z"
    assert next_name("w", []) == "w"
    assert next_name("w", [manifest_name("w"), manifest_name("w-2")]) == "w-3"


def test_manifests_are_told_from_what_lies_beside_them(tmp_path: Path) -> None:
    names = ["window-20260304T080000Z.json", "window-20260304T080000Z-2.json", "window-20260304T081000Z.json"]
    others = ["window-20260304T080000Z.json.whole.part", "articles-20260304T080000Z-00000-of-00001.jsonl", "run.json"]
    for name in [*names, *others]:
        (tmp_path / name).touch()
    assert manifests(str(tmp_path)) == sorted(names)
    assert manifests(str(tmp_path), "20260304T080000Z") == sorted(names[:2])
    assert manifests(str(tmp_path / "nowhere")) == []


@pytest.mark.parametrize("text", ["", '{"window": "20', "[]", '{"window": "20260304T080000Z"}'])
def test_a_broken_manifest_is_told_and_nothing_is_removed(tmp_path: Path, text: str) -> None:
    (tmp_path / "window-20260304T080000Z.json").write_text(text, "utf-8")
    lines = tmp_path / "articles-20260304T080000Z-00000-of-00001.jsonl"
    lines.touch()
    config = RunConfig((), str(tmp_path), "r", AT, stream=stream(tmp_path))
    with pytest.raises(UsageError, match=r"window-20260304T080000Z\.json is no manifest"):
        take_up(config)
    assert lines.exists()


def test_what_a_killed_start_left_is_removed_the_wish_to_stop_too(tmp_path: Path) -> None:
    row = {"files": {"articles": ["articles-20260304T080000Z-00000-of-00001.jsonl"]}, "counts": {}}
    (tmp_path / "window-20260304T080000Z.json").write_text(json.dumps(row), "utf-8")
    kept = {"window-20260304T080000Z.json", "articles-20260304T080000Z-00000-of-00001.jsonl", "notes.txt"}
    left = {
        "stop",
        "articles-20260304T081000Z-00000-of-00001.jsonl",
        "copies-20260304T081000Z-00000-of-00001.jsonl.0123abcd.part",
    }
    for name in (kept | left) - {"window-20260304T080000Z.json"}:
        (tmp_path / name).touch()
    take_up(RunConfig((), str(tmp_path), "r", AT, stream=stream(tmp_path)))
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_a_piece_ends_with_its_window_or_the_stream(tmp_path: Path) -> None:
    whole = stream(tmp_path)
    assert piece_end_s(1200.0, 0.0, whole) == 1800.0
    assert piece_end_s(1799.9, 0.0, whole) == 1800.0
    assert piece_end_s(1250.0, 1200.0, stream(tmp_path, stop_after_s=60.0)) == 1260.0
    assert is_more(time.time(), whole)
    assert not is_more(time.time() - 61.0, stream(tmp_path, stop_after_s=60.0))
    (tmp_path / "stop").touch()
    assert not is_more(time.time(), whole)


def test_a_piece_looks_again_until_it_ends(tmp_path: Path) -> None:
    began = time.monotonic()
    looks = list(times(100.0, 100.0, stream(tmp_path, stop_after_s=1.0)))
    assert 0.9 < time.monotonic() - began < 3.0
    assert looks[0] == 100.0
    assert 2 <= len(looks) <= 5
    assert all(later - earlier > 0.19 for earlier, later in pairwise(looks))


def test_a_piece_that_is_to_stop_looks_no_more(tmp_path: Path) -> None:
    looks = times(100.0, 100.0, stream(tmp_path))
    next(looks)
    (tmp_path / "stop").touch()
    assert list(looks) == []


def test_looks_are_as_far_apart_as_asked_whatever_the_clock_does() -> None:
    watch = Watch()
    assert watch.is_due(1000.0, 300.0), "the first one"
    assert watch.look([Listed(b"/a", 1, 10.0)], 1000.0)[0] == [b"/a"]
    assert not watch.is_due(1001.0, 300.0), "of another piece"
    assert watch.is_due(1300.0, 300.0)
    assert watch.is_due(900.0, 300.0), "the clock was set back"


@pytest.mark.parametrize(
    ("runner", "is_asked"), [("FnApiRunner", False), ("PrismRunner", False), ("FlinkRunner", True)]
)
def test_stable_input_is_asked_of_runners_that_have_it(runner: str, is_asked: bool) -> None:
    """The others refuse the whole graph."""
    places = {"FnApiRunner": "apache_beam.runners.portability.fn_api_runner.FnApiRunner"}
    pipeline = beam.Pipeline(runner=places.get(runner, runner))
    _ = pipeline | beam.Create([1]) | StableParDo(beam.DoFn())
    requirements = pipeline.to_runner_api().requirements
    assert (common_urns.requirements.REQUIRES_STABLE_INPUT.urn in requirements) is is_asked
