"""A robots.txt from one day to the next: asked for again, but sent again only if it changed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.e2e.commands import ingest
from tests.e2e.press import article_html, conditional, sources_file, story
from tests.e2e.servers import Servers


def a_day_passes(state: Path) -> None:
    """Make all that the newest generation knows of robots.txt 25 hours old, and every address due."""
    newest = json.loads(sorted(state.glob("generation-*.json"))[-1].read_text())
    for file in newest["files"]:
        column, value = {
            "hosts": ("robots_at", datetime.now(UTC) - timedelta(hours=25)),
            "addresses": ("ask_again_at", 0),
        }.get(file["table"], ("", None))
        if column:
            rows = pq.read_table(state / file["path"])
            place = rows.schema.get_field_index(column)
            changed = pa.array([value] * len(rows), rows.schema.field(place).type)
            pq.write_table(rows.set_column(place, column, changed), state / file["path"])


def test_a_robots_txt_is_confirmed_the_next_day(tmp_path: Path) -> None:
    with Servers() as servers:
        site = servers.serve(
            "127.0.11.1",
            {
                "/robots.txt": conditional("User-agent: *\nDisallow: /intern", "text/plain"),
                "/a": conditional(article_html("Meldung", story(1))),
            },
        )
        file = sources_file(
            tmp_path / "s.yaml", {"name": "p", "kind": "page", "url": [f"{site}/a", f"{site}/intern/b"]}
        )
        arguments = ("--sources", file, "--state", tmp_path / "state")
        ingest(tmp_path, "one", *arguments)
        a_day_passes(tmp_path / "state")
        servers.sent_bytes = 0
        second = ingest(tmp_path, "two", *arguments)
        first_day, next_day = servers.asked(site, "/robots.txt")
        assert "if-none-match" not in first_day.headers and "if-none-match" in next_day.headers
        assert servers.sent_bytes == 0, "neither the page nor the robots.txt is sent again"
        assert [reject["reason"] for reject in second.rejects] == ["robots"], "its rules are still known"
        ingest(tmp_path, "three", *arguments)
        assert len(servers.asked(site, "/robots.txt")) == 2, "what was confirmed holds for another day"
