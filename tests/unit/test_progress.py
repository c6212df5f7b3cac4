"""The line that says how far a run is, and the files that it is made of."""

from __future__ import annotations

import io
import json
import logging
import time
from pathlib import Path

import pytest

from pipeline import progress
from transforms.fetch.progress import Counts, clear_counts, read_counts

PAGING = Counts(
    pages=1204,
    pages_asked=3000,
    lists=7,
    lists_asked=7,
    archive_bytes=9_000_000,
    rejects=14,
    hosts=180,
    waits_for="beispiel.de",
    waiting=312,
    wait_s=312.0,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("counts", "per_s", "text"),
    [
        (
            PAGING,
            196.4,
            "1,204 pages of 3,000 · 180 hosts · 196/s · 14 rejects · waiting for beispiel.de (312, 5 min)",
        ),
        (
            PAGING._replace(waits_for="", waiting=0, wait_s=0.0),
            0.0,
            "1,204 pages of 3,000 · 180 hosts · 0/s · 14 rejects",
        ),
        (Counts(lists_asked=3, lists=1, hosts=1, rejects=1), 0.6, "1 lists of 3 · 1 host · 1/s · 1 reject"),
        (
            Counts(lists_asked=1, hosts=1, archive_bytes=1_412_000_000),
            0.0,
            "0 lists of 1 · 1 host · 0/s · 1,412 MB of archives",
        ),
        (Counts(pages_asked=5, pages=5), 0.0, "5 pages of 5 · working on what came"),
    ],
)
def test_what_the_line_says(counts: Counts, per_s: float, text: str) -> None:
    assert progress.line(counts, per_s) == text


def report(folder: Path, name: str, counts: Counts) -> None:
    (folder / f"progress-{name}.json").write_text(json.dumps(counts._asdict()), "utf-8")


def test_what_several_workers_report_is_added_up(tmp_path: Path) -> None:
    assert read_counts(tmp_path) is None and read_counts(tmp_path / "nowhere") is None
    report(tmp_path, "1-0", PAGING)
    report(
        tmp_path, "2-0", Counts(pages=96, pages_asked=100, hosts=3, waits_for="kurz.example", waiting=4, wait_s=400.0)
    )
    (tmp_path / "progress-3-0.json").write_text('{"pages": 1', "utf-8")
    (tmp_path / "progress-4-0.json").write_text('{"of_another_version": 1}', "utf-8")
    (tmp_path / "fetched-00000.warc.gz").write_bytes(b"")
    found = read_counts(tmp_path)
    assert found and (found.pages, found.pages_asked, found.hosts, found.rejects) == (1300, 3100, 183, 14)
    assert (found.waits_for, found.waiting) == ("kurz.example", 4), "the one that takes longest"
    (tmp_path / "progress-5-0.json.part").write_text("", "utf-8")
    clear_counts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["fetched-00000.warc.gz"]


def test_a_terminal_has_one_line_that_is_gone_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "READ_EVERY_S", 0.01)
    stream = Terminal()
    report(tmp_path, "9-0", Counts(pages_asked=77))
    with progress.shown(str(tmp_path), False, stream):
        assert not list(tmp_path.iterdir()), "what a dead run reported counts no more"
        report(tmp_path, "1-0", PAGING)
        wait_for(stream, "1,204 pages of 3,000")
        logging.getLogger().handle(logging.LogRecord("x", logging.ERROR, "x", 1, "oh", (), None))
    assert "77" not in stream.getvalue()
    assert "\n" not in stream.getvalue() and stream.getvalue().endswith("\r\x1b[K")
    assert all(len(drawn) < 80 for drawn in stream.getvalue().split("\r\x1b[K"))
    assert not list(tmp_path.iterdir())
    assert not any(handler.filters for handler in logging.getLogger().handlers)


def test_a_pipe_has_a_line_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "READ_EVERY_S", 0.01)
    monkeypatch.setattr(progress, "PRINTED_EVERY_S", 0.05)
    stream = io.StringIO()
    with progress.shown(str(tmp_path), False, stream):
        report(tmp_path, "1-0", PAGING)
        wait_for(stream, "\n1,204 pages")
    assert set(stream.getvalue().splitlines()) == {
        "1,204 pages of 3,000 · 180 hosts · 0/s · 14 rejects · waiting for beispiel.de (312, 5 min)"
    }


def test_the_rate_is_of_what_came_since(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "READ_EVERY_S", 0.01)
    stream = Terminal()
    with progress.shown(str(tmp_path), False, stream):
        report(tmp_path, "1-0", Counts(pages_asked=900, pages=100, hosts=1))
        wait_for(stream, "100 pages of 900 · 1 host · 0/s")
        report(tmp_path, "1-0", Counts(pages_asked=900, pages=600, hosts=1))
        wait_for(stream, "600 pages")
    last = stream.getvalue().split("600 pages of 900 · 1 host · ")[1]
    assert float(last.split("/s")[0]) > 1


@pytest.mark.parametrize(("spool", "is_quiet"), [(None, False), ("here", True)])
def test_nothing_is_said_where_nothing_is_to_be_said(tmp_path: Path, spool: str | None, is_quiet: bool) -> None:
    stream = Terminal()
    with progress.shown(spool and str(tmp_path), is_quiet, stream):
        report(tmp_path, "1-0", PAGING)
        time.sleep(0.05)
    assert stream.getvalue() == ""


def test_a_stream_that_is_gone_fails_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "READ_EVERY_S", 0.01)
    stream = Terminal()
    with progress.shown(str(tmp_path / "not_there_yet"), False, stream):
        (tmp_path / "not_there_yet").mkdir()
        report(tmp_path / "not_there_yet", "1-0", PAGING)
        wait_for(stream, "pages")
        stream.close()
        time.sleep(0.05)


def wait_for(stream: io.StringIO, text: str) -> None:
    deadline = time.monotonic() + 5
    while text not in stream.getvalue():
        assert time.monotonic() < deadline, f"{text!r} is not in {stream.getvalue()!r}"
        time.sleep(0.01)
