"""Archives that came over the network, as files, through `ReadArchives` on a real runner."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import apache_beam as beam
import pytest

from tests.transforms.running import run
from tests.unit.test_read_archives import page
from transforms.elements import Fetched, FetchedArchive, FetchRequest, Source
from transforms.read.archive_transform import ReadArchives

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
URL = "https://archiv.example/a.warc"


def fetched(path: Path, is_temporary: bool) -> FetchedArchive:
    request = FetchRequest(URL, "archive", Source("lager", "archive", (URL,)))
    return FetchedArchive(Fetched(request, URL, 200, (), b"", AT), str(path), b"12345678", is_temporary)


@pytest.mark.parametrize("is_temporary", [False, True])
def test_pages_come_out_and_only_a_temporary_file_goes(tmp_path: Path, is_temporary: bool) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(page(1) + page(2) + page(3)[:-40])
    archive = fetched(path, is_temporary)
    kept = run(
        lambda p, errors: {
            "pages": p | beam.Create([archive]).with_output_types(FetchedArchive) | ReadArchives(100_000, errors)
        }
    )
    assert [(one.url, one.source) for one in kept["pages"]] == [
        ("https://blatt.example/1", "lager"),
        ("https://blatt.example/2", "lager"),
    ]
    assert [one.reason for one in kept["rejects"]] == ["bad_archive"]
    assert path.exists() is not is_temporary


def test_a_file_that_is_gone_is_one_reject(tmp_path: Path) -> None:
    archive = fetched(tmp_path / "gone.warc", True)
    kept = run(lambda p, errors: {"pages": p | beam.Create([archive]) | ReadArchives(100_000, errors)})
    assert not kept["pages"]
    assert [(one.stage, one.reason, one.url, one.at) for one in kept["rejects"]] == [("read", "unreadable", URL, AT)]
