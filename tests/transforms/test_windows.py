"""Windows of a stream on disk: whole or not at all, also where the program died."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.transforms.window import TimestampedValue
from jsonschema import Draft202012Validator

from tests.build import record
from tests.transforms.running import run
from transforms.elements import Copy, Gone, Record, Reject
from transforms.generation import StatePlan, commit, load, numbers
from transforms.reasons import Reason, Stage
from transforms.write import schemas
from transforms.write.publishing import publish
from transforms.write.transform import Ended
from transforms.write.window_transform import Keep, WriteWindows

AT = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
RUN = {"run_id": "s", "attempt": "one"}
FILES = "window-20260304T080000Z.json", "window-20260304T080010Z.json"


def stamped(*elements: tuple[Any, float]) -> list[TimestampedValue]:
    return [TimestampedValue(element, AT.timestamp() + second) for element, second in elements]


def articles() -> list[TimestampedValue]:
    texts = ["Eins zwei drei.", "Vier fünf sechs.", "Sieben acht neun."]
    return stamped(*((record(text, f"https://example.org/{n}"), n * 6.0) for n, text in enumerate(texts)))


def write(directory: Path, shards: int = 1, keep: Any = None, end_path: Path | None = None) -> None:
    """Three articles, of which the second is a copy of the first one; a reject and an address that is gone."""

    def graph(p: beam.Pipeline, _: Any) -> dict[str, beam.PCollection]:
        records = p | beam.Create(articles()).with_output_types(Record)
        copies = records | "Odd" >> beam.Filter(lambda one: one.url.endswith("1")) | beam.Map(_as_copy)
        standing = records | "Even" >> beam.Filter(lambda one: not one.url.endswith("1"))
        reject = Reject(Stage.FETCH, Reason.HTTP_STATUS, "https://example.org/x", "404 Not Found", "s", AT)
        rejects = p | "R" >> beam.Create(stamped((reject, 1.0)))
        gone = p | "G" >> beam.Create(stamped((Gone("https://example.org/x", "s", 404, AT), 1.0)))
        unchanged = p | "U" >> beam.Create(stamped(("https://example.org/feed", 12.0)))
        ended = Ended(standing, copies, rejects, p | "None" >> beam.Create([]))
        kept = keep(records) if keep else None
        place = str(directory), RUN, 10.0, shards
        end = None if end_path is None else str(end_path)
        return {"done": p | WriteWindows(*place, [records], [unchanged], ended, [], gone, kept, end)}

    run(graph)


def _as_copy(one: Record) -> Copy:
    return Copy(one.url, one.id, "0" * 32, 1.0, one.source, None, None)


def manifest(directory: Path, name: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads((directory / name).read_text("utf-8"))
    Draft202012Validator(schemas.schema("window")).validate(row)
    return row


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_each_window_has_its_files_and_a_manifest_that_names_them(tmp_path: Path) -> None:
    write(tmp_path)
    first, second = (manifest(tmp_path, name) for name in FILES)
    assert first["counts"] == {"read": 3, "articles": 1, "copies": 1, "rejects": 1, "unchanged": 0}
    assert second["counts"] == {"read": 2, "articles": 1, "copies": 0, "rejects": 0, "unchanged": 1}
    assert (first["gone"], second["gone"]) == (1, 0)
    assert first["rejects_by_reason"] == {"http_status": 1}
    listed = [name for one in (first, second) for some in one["files"].values() for name in some]
    assert names(tmp_path) == sorted([*listed, *FILES]), "nothing but what the manifests name"
    assert first["files"]["articles"] == ["articles-20260304T080000Z-00000-of-00001.jsonl"]
    for kind, schema in (("articles", "article"), ("copies", "copy"), ("rejects", "reject"), ("gone", "gone")):
        for name in first["files"][kind]:
            for line in (tmp_path / name).read_text("utf-8").splitlines():
                Draft202012Validator(schemas.schema(schema)).validate(json.loads(line))


def test_shards_part_the_lines(tmp_path: Path) -> None:
    write(tmp_path, shards=3)
    lines = [line for path in tmp_path.glob("articles-*.jsonl") for line in path.read_text("utf-8").splitlines()]
    assert len(lines) == 2
    assert all(path.name.endswith("-of-00003.jsonl") for path in tmp_path.glob("articles-*.jsonl"))


def test_a_window_that_has_been_written_is_never_written_again(tmp_path: Path) -> None:
    write(tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    write(tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert manifest(tmp_path, "window-20260304T080000Z-2.json")["counts"]["articles"] == 1


def test_the_end_is_marked_when_all_windows_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    create = FileSystems.create
    seen: list[list[str]] = []

    def creating(path: str, **more: Any) -> Any:
        if path.endswith("drained"):
            seen.append([name for name in FILES if (tmp_path / name).exists()])
        return create(path, **more)

    monkeypatch.setattr(FileSystems, "create", creating)
    write(tmp_path, end_path=tmp_path / "drained")
    assert seen == [list(FILES)]
    assert (tmp_path / "drained").exists()


class Killed(BaseException):
    """The program dies here."""


def _texts(plan: StatePlan, values: list[str]) -> list[Any]:
    Path(plan.root, f"{plan.number}.txt").write_text(" ".join(sorted(values)), "utf-8")
    return []


def _plan(at: datetime, root: str, run: str) -> StatePlan:
    found = numbers(root)
    base = load(root, found[-1]) if found else None
    return StatePlan(root, base, len(found) + 1, run, "one", at, at)


def _keep(records: beam.PCollection, root: Path, directory: Path) -> Keep:
    values = {"texts": records | "Texts" >> beam.Map(lambda one: one.text).with_output_types(str)}
    return Keep(values, {"texts": _texts}, partial(_plan, root=str(root), run=str(directory)), _nothing)


def _nothing() -> None:
    """Old generations stay."""


def test_a_generation_is_committed_with_each_window(tmp_path: Path) -> None:
    out, state = tmp_path / "out", tmp_path / "state"
    out.mkdir()
    state.mkdir()
    write(out, keep=partial(_keep, root=state, directory=out))
    assert [manifest(out, name)["generation"] for name in FILES] == numbers(str(state)) == [1, 2]
    assert (state / "1.txt").read_text("utf-8") == "Eins zwei drei. Vier fünf sechs."
    assert (state / "2.txt").read_text("utf-8") == "Sieben acht neun."


@pytest.mark.parametrize("moves", [0, 1, 2, 3])
def test_who_dies_behind_the_commit_has_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int) -> None:
    out, state = tmp_path / "out", tmp_path / "state"
    out.mkdir()
    state.mkdir()
    left = [moves]
    rename = FileSystems.rename

    def dying(sources: list[str], targets: list[str]) -> None:
        if not left[0]:
            raise Killed
        left[0] -= 1
        rename(sources, targets)

    monkeypatch.setattr(FileSystems, "rename", dying)
    with pytest.raises(BaseException, match=r"Killed|^$"):
        write(out, keep=partial(_keep, root=state, directory=out))
    monkeypatch.undo()
    assert numbers(str(state)) == [1]
    assert not (out / FILES[0]).exists()
    (part,) = out.glob("window-*.json.*.part")
    publish(str(out), str(part))
    assert manifest(out, FILES[0])["counts"]["articles"] == 1
    for some in manifest(out, FILES[0])["files"].values():
        for name in some:
            assert (out / name).is_file()


def test_another_run_that_moves_the_state_on_stops_the_stream(tmp_path: Path) -> None:
    out, state = tmp_path / "out", tmp_path / "state"
    out.mkdir()
    state.mkdir()
    other = StatePlan(str(state), None, 1, "other", "two", AT, AT)
    commit(other, [])

    def keep(records: beam.PCollection) -> Keep:
        return _keep(records, state, out)._replace(plan=partial(_first, root=str(state), run=str(out)))

    with pytest.raises(Exception, match="has committed generation 1"):
        write(out, keep=keep)
    assert not list(out.glob("window-*.json"))


def _first(at: datetime, root: str, run: str) -> StatePlan:
    return StatePlan(root, None, 1, run, "one", at, at)
