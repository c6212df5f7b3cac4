"""Files of every kind through `ReadInputs` on a real runner."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import pytest
from apache_beam.io.restriction_trackers import OffsetRange

from tests.transforms.running import run
from transforms.elements import InputFile, Page, Reject
from transforms.read import transform as room
from transforms.read.transform import ReadInputs

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_BYTES = 100_000
ATOM = """<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>F</title>
<entry><id>a</id><title>Eins</title><link href="https://blatt.example/1"/><updated>2026-03-01T10:00:00Z</updated>
<content type="html">&lt;p&gt;Der Kai ist fertig.&lt;/p&gt;</content></entry></feed>"""


def read(*patterns: Path | str) -> tuple[list[Page], list[Reject]]:
    found = tuple(str(pattern) for pattern in patterns)
    kept = run(lambda p, errors: {"pages": p | ReadInputs(found, MAX_BYTES, errors)})
    return kept["pages"], kept["rejects"]


def rows(count: int, start: int = 0) -> bytes:
    lines = (json.dumps({"id": n, "text": f"Zeile {n} " * 20}) for n in range(start, start + count))
    return "".join(f"{line}\n" for line in lines).encode()


def test_every_kind_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Der Hafen öffnet am Montag.")
    (tmp_path / "b.html").write_text("<html><body><p>Hafen</p></body></html>")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "c.jsonl").write_bytes(rows(2))
    (tmp_path / "d.atom").write_text(ATOM)
    (tmp_path / "e.txt.gz").write_bytes(gzip.compress(b"Gepackt."))
    (tmp_path / "f.jsonl.zst").write_bytes(zstd.compress(rows(3)))
    (tmp_path / ".hidden.txt").write_text("unsichtbar")
    pages, rejects = read(tmp_path / "**")
    assert not rejects
    assert sorted((page.source, page.markup) for page in pages) == sorted(
        [("a.txt", "text"), ("b.html", "html"), ("d.atom", "fragment"), ("e.txt.gz", "text")]
        + [("deep/c.jsonl", "text")] * 2
        + [("f.jsonl.zst", "text")] * 3
    )


def test_kind_by_content_where_the_name_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "lines").write_bytes(rows(2))
    (tmp_path / "packed").write_bytes(gzip.compress(b"<!doctype html><html><p>Hafen</p></html>"))
    (tmp_path / "feed.data").write_text(ATOM)
    pages, rejects = read(tmp_path / "*")
    assert not rejects
    assert sorted((page.source, page.markup) for page in pages) == [
        ("feed.data", "fragment"),
        ("lines", "text"),
        ("lines", "text"),
        ("packed", "html"),
    ]


def test_a_file_that_two_patterns_match_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Einmal.")
    pages, _ = read(tmp_path / "a.txt", tmp_path / "*.txt", tmp_path / "**")
    assert len(pages) == 1


@pytest.mark.parametrize("split_bytes", [7, 100, 1000])
def test_split_lines_are_read_once_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, split_bytes: int) -> None:
    monkeypatch.setattr(room, "SPLIT_BYTES", split_bytes)
    (tmp_path / "a.jsonl").write_bytes(rows(40) + b"\n\r\n" + rows(10, start=40)[:-1])
    pages, rejects = read(tmp_path / "a.jsonl")
    assert not rejects
    assert sorted(int(page.hints.source_id or -1) for page in pages) == list(range(50))


def test_splits_follow_the_size(tmp_path: Path) -> None:
    provider = room._FileRestrictionProvider()
    lines = InputFile(b"x", "x", "jsonl", None, 5 * room.SPLIT_BYTES)
    packed = InputFile(b"x", "x", "jsonl", "gzip", 5 * room.SPLIT_BYTES)
    assert len(list(provider.split(lines, provider.initial_restriction(lines)))) == 5
    assert list(provider.split(packed, provider.initial_restriction(packed))) == [OffsetRange(0, 1)]


def test_torn_compression_gives_what_is_whole_and_one_reject(tmp_path: Path) -> None:
    whole = rows(5000)
    for name, data in (("a.jsonl.gz", gzip.compress(whole)), ("b.jsonl.zst", zstd.compress(whole))):
        (tmp_path / name).write_bytes(data[: len(data) * 2 // 3])
        pages, rejects = read(tmp_path / name)
        assert [reject.reason for reject in rejects] == ["unreadable"], name
        assert "torn or corrupt" in rejects[0].detail
        assert str(tmp_path) not in rejects[0].detail
        numbers = sorted(int(page.hints.source_id or -1) for page in pages)
        assert len(numbers) > 1000 and numbers == list(range(len(numbers))), name


def test_lines_around_a_broken_one_are_kept(tmp_path: Path) -> None:
    long_line = b'{"text":"' + b"x" * (MAX_BYTES * 2) + b'"}\n'
    (tmp_path / "a.jsonl").write_bytes(rows(3) + b'{"id": 9, "te\n' + long_line + rows(2, start=3))
    pages, rejects = read(tmp_path / "a.jsonl")
    assert sorted(page.hints.source_id or "" for page in pages) == ["0", "1", "2", "3", "4"]
    assert sorted(reject.reason for reject in rejects) == ["bad_json", "too_large"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"", "empty"),
        ("empty.jsonl", b"", "empty"),
        ("blank.jsonl", b"\n \n", "empty"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(300), "unsupported"),
        ("zeros.html", bytes(3000), "unsupported"),
        ("page.xml", b"<!doctype html><html><body>no feed</body></html>", "bad_feed"),
        ("config.json", b'{"a": 1}', "bad_feed"),
        ("a.warc", b"WARC/1.0\r\n", "bad_archive"),
        ("large.txt", b"Wort " * MAX_BYTES, "too_large"),
        ("bomb.txt.gz", gzip.compress(bytes(50_000_000)), "too_large"),
    ],
)
def test_what_cannot_be_read_is_one_reject(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    (tmp_path / "good.txt").write_text("Der Rest geht weiter.")
    pages, rejects = read(tmp_path / "*")
    assert [page.source for page in pages] == ["good.txt"]
    assert [(reject.stage, reject.reason, reject.source) for reject in rejects] == [("read", reason, name)]


def test_a_file_that_vanishes_is_one_reject(tmp_path: Path) -> None:
    file = InputFile(bytes(tmp_path / "gone.jsonl"), "gone.jsonl", "jsonl", None, 100)
    tracker = room._FileRestrictionProvider().create_tracker(OffsetRange(0, 100))
    (reject,) = room._ReadFileDoFn(MAX_BYTES)._documents(file, tracker)
    assert isinstance(reject, Reject) and reject.reason == "unreadable"
    tracker.check_done()
