"""The report of a run: what it counts, what it shows, and that nothing of a document gets into its markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import tally as tallies
from pipeline.config import UsageError
from pipeline.page import MAX_ROWS, page
from pipeline.report import write_report
from pipeline.tally import Tally, histogram
from tests.build import DAY, record
from transforms.elements import Copy, CopyRef, Reject
from transforms.reasons import Reason, Stage
from transforms.write.jsonl import copy_line, record_line, reject_line

VOID = {"meta", "input", "br"}


class Parsed(HTMLParser):
    """Tags, their attributes and the text of a page; unclosed and wrongly closed tags raise."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if "tr" in self._open and {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data


def article(text: str = "Der Hafen ruht.", **fields: Any) -> dict[str, Any]:
    copies = fields.pop("copies", ())
    row: dict[str, Any] = json.loads(record_line(record(text, **fields)))
    return row | {"copies": list(copies), "copy_count": len(copies)}


def reject(url: str | None = "https://a.example/1", reason: Reason = Reason.EMPTY, **fields: Any) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(reject_line(Reject(Stage.EXTRACT, reason, url, "no text", **fields)))
    return row


def copy(url: str | None, source: str = "b.txt") -> dict[str, Any]:
    reference = CopyRef("0" * 32, url, source, 0.9, None)
    return {"id": reference.id, "url": reference.url, "source": reference.source, "similarity": 0.9}


def run(**counts: int) -> dict[str, Any]:
    known = {"articles": 0, "copies": 0, "rejects": 0, "unchanged": 0} | counts
    return {
        "run_id": "night",
        "started_at": "2026-03-04T05:06:07Z",
        "finished_at": "2026-03-04T06:08:09Z",
        "runner": "FnApiRunner",
        "counts": {"read": sum(known.values())} | known,
        "articles_by_language": {"de": known["articles"]},
        "extraction": {"blocks": 7, "json-ld": 0, "trafilatura": 1, "everything": 0, "unsure": 2, "failed": 0},
        "files": {"articles": [], "copies": [], "rejects": []},
        "options": {"input": ["seeds/demo"]},
        "versions": {"python": "3.11.7"},
    }


def page_of(*articles: dict[str, Any], **counts: int) -> str:
    tally = Tally()
    for row in articles:
        tally.add_article(row)
    return page(run(articles=len(articles), **counts), tally)


def test_says_what_became_of_the_documents() -> None:
    text = page_of(article(), article("Anderswo."), unchanged=1200)
    assert "Read 1,202 = articles 2 + copies 0 + rejects 0 + unchanged 1,200" in text
    assert ["Unchanged", "1,200", "99.8 %"] in Parsed(text).rows
    assert "2026-03-04 05:06 UTC</time>, took 1 h 02 min, on FnApiRunner" in text


def test_the_bar_adds_up() -> None:
    text = page_of(article(), unchanged=3)
    widths = [float(width) for width in re.findall(r'<rect class="\w+" x="[\d.]+%" width="([\d.]+)%"', text)]
    assert widths == [25.0, 75.0]


def test_an_empty_run_has_a_page() -> None:
    rows = Parsed(page_of()).rows
    assert rows.count(["none"]) >= 4
    assert ["Articles", "0", ""] in rows


def test_says_what_texts_were_taken_from() -> None:
    rows = Parsed(page_of(article())).rows
    assert ["trafilatura", "1", "12.5 %"] in rows
    assert ["Of these, the models were unsure", "2", "25.0 %"] in rows
    assert ["Of these, the models failed", "0", "0.0 %"] in rows
    assert not any("JSON-LD" in row[0] for row in rows)


def test_counts_each_source_and_sums_the_rest() -> None:
    tally = Tally()
    for number in range(MAX_ROWS + 5):
        tally.add_article(article(source=f"s{number:03}"))
    tally.add_copy(json.loads(copy_line(Copy(None, "0" * 32, "1" * 32, 0.9, "s054", None, None))))
    tally.add_reject(reject(source=None))
    rows = Parsed(page(run(articles=MAX_ROWS + 5, copies=1, rejects=1), tally)).rows
    assert ["s054", "1", "1", "0"] in rows
    assert ["(unknown)", "0", "0", "1"] in rows
    assert ["(6 others)", "6", "0", "0"] in rows


def test_names_of_sources_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MAX_NAMES", 3)
    tally = Tally()
    for number in range(10):
        tally.add_article(article(source=f"s{number}"))
    assert set(tally.sources) == {"s0", "s1", "s2", tallies.REST}
    assert tally.count("articles") == 10


def test_agencies_include_the_articles_that_name_none() -> None:
    rows = Parsed(page_of(article(agency="dpa"), article(), article())).rows
    assert ["dpa", "1", "33.3 %"] in rows
    assert ["(none named)", "2", "66.7 %"] in rows


def test_rejects_come_with_their_first_examples() -> None:
    tally = Tally()
    for number in range(7):
        tally.add_reject(reject(f"https://a.example/{number}"))
    tally.add_reject(reject(None, Reason.BAD_JSON))
    rows = Parsed(page(run(rejects=8), tally)).rows
    found = next(row for row in rows if row[:3] == ["extract", "empty", "7"])
    assert found[3].count("no text") == tallies.MAX_EXAMPLES
    assert "https://a.example/4" in found[3]
    assert ["extract", "bad_json", "1", "no text"] in rows


def test_most_copied_stories_name_the_outlets() -> None:
    copies = [copy("https://www.a.example/1"), copy("http://A.example:80/2"), copy(None, "wire.jsonl")]
    rows = Parsed(page_of(article(title="Viel", copies=copies), article(title="Wenig", copies=copies[:1]))).rows
    assert ["Viel", "3", "a.example (2), wire.jsonl"] in rows
    assert rows.index(["Wenig", "1", "a.example"]) > rows.index(["Viel", "3", "a.example (2), wire.jsonl"])


def test_outlets_beyond_those_shown_are_counted() -> None:
    row = article(title="Viel", copies=[copy(f"https://{number}.example/") for number in range(20)])
    row["copy_count"] = 300
    assert any(cells[:2] == ["Viel", "300"] and cells[2].endswith("292 more") for cells in Parsed(page_of(row)).rows)


def test_the_sample_is_bounded_and_the_same_in_any_order() -> None:
    rows = [article(f"Text {number}.", url=f"https://a.example/{number}") for number in range(200)]
    there, back = Tally(), Tally()
    for row in rows:
        there.add_article(row)
    for row in reversed(rows):
        back.add_article(row)
    assert there.records() == back.records()
    assert len(there.records()) == tallies.MAX_RECORDS


def test_records_are_cut_and_linked_on_the_web_only() -> None:
    text = page_of(
        article("wort " * 500, title="Netz", url="https://a.example/?a=1&b=2"),
        article("Nein.", title="Falle", url="javascript:alert(1)"),
        article("Lang.", title="Lang", url="https://a.example/" + "x" * 10_000),
    )
    links = [value for tag, name, value in Parsed(text).attributes if (tag, name) == ("a", "href")]
    assert links == ["https://a.example/?a=1&b=2"]
    assert len(text) < 40_000


def test_times_keep_their_precision() -> None:
    text = page_of(
        article("Eins.", published_at=DAY, published_precision="day"),
        article("Zwei.", published_at=DAY, published_precision="minute"),
    )
    assert '<time datetime="2026-03-04">2026-03-04</time>' in text
    assert '<time datetime="2026-03-04T08:00:00Z">2026-03-04 08:00 UTC</time>' in text


def test_says_when_files_and_manifest_disagree() -> None:
    assert "run.json counts 5 copies, but the files hold 0." in page(run(copies=5), Tally())
    assert 'class="warning"' not in page(run(), Tally())


@pytest.mark.parametrize(
    ("days", "unit", "labels"),
    [
        ({"2026-03-01": 1, "2026-03-03": 2}, "day", ["2026-03-01", "2026-03-02", "2026-03-03"]),
        ({"2025-11-30": 1, "2026-02-03": 1}, "month", ["2025-11", "2025-12", "2026-01", "2026-02"]),
        ({"1999-12-31": 1, "2010-01-01": 1}, "year", [str(year) for year in range(1999, 2011)]),
        ({"1976-03-20": 1, "2026-03-01": 30, "2026-03-02": 30, "2099-01-01": 1}, "day", ["2026-03-01", "2026-03-02"]),
    ],
    ids=["days", "months", "years", "strays"],
)
def test_histogram_picks_its_unit(days: dict[str, int], unit: str, labels: list[str]) -> None:
    found, bins = histogram(days)
    assert (found, list(bins)) == (unit, labels)
    assert sum(bins.values()) == sum(count for day, count in days.items() if day[: len(labels[0])] in labels)


@given(st.dictionaries(st.dates().map(str), st.integers(1, 5), min_size=1))
def test_histogram_shows_most_of_any_days(days: dict[str, int]) -> None:
    unit, bins = histogram(days)
    assert sum(bins.values()) >= 0.9 * sum(days.values())
    assert len(bins) <= tallies.MAX_BINS or unit == "year"


def test_needs_nothing_beside_it() -> None:
    parsed = Parsed(page_of(article(url="https://a.example/1")))
    loaded = [(tag, name) for tag, name, _ in parsed.attributes if name in ("src", "srcset", "data", "action")]
    linked = {tag for tag, name, _ in parsed.attributes if name == "href"}
    assert (loaded, linked) == ([], {"a"})
    assert "link" not in parsed.tags
    assert not any(name == "style" or name.startswith("on") for _, name, _ in parsed.attributes)


@pytest.mark.parametrize("tag", ["script", "style"])
def test_policy_allows_only_its_own(tag: str) -> None:
    text = page_of()
    (inline,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.S)
    allowed = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
    assert f"{tag}-src 'sha256-{allowed}'" in text
    assert "default-src 'none'" in text


_HOSTILE = st.one_of(st.text(), st.sampled_from(["</li><script>alert(1)</script>", '"><img src=x>', "&lt;", "$run_id"]))


@settings(max_examples=25)
@given(st.lists(_HOSTILE, min_size=5, max_size=5))
def test_no_text_changes_the_markup(texts: list[str]) -> None:
    def tags(title: str, text: str, source: str, agency: str, detail: str) -> Counter[str]:
        tally = Tally()
        tally.add_article(article() | {"title": title, "text": text, "source": source, "agency": agency})
        tally.add_reject(reject() | {"detail": detail, "source": source, "url": detail})
        parsed = Parsed(page(run(articles=1, rejects=1) | {"run_id": title}, tally))
        assert not any(name.startswith("on") for _, name, _ in parsed.attributes)
        return Counter(parsed.tags)

    plain = ["a" if text else "" for text in texts]
    assert tags(*texts) == tags(*plain)


def finished(folder: Path) -> Path:
    rows = {"articles": [article(title="Der Hafen")], "copies": [], "rejects": [reject()]}
    manifest = run(articles=1, rejects=1)
    for kind, lines in rows.items():
        name = f"{kind}-00000-of-00001.jsonl"
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
        manifest["files"][kind] = [name]
    (folder / "run.json").write_text(json.dumps(manifest))
    return folder


def test_writes_the_page_in_place_of_an_older_one(tmp_path: Path) -> None:
    report = finished(tmp_path) / "report.html"
    report.write_text("old")
    assert write_report(str(tmp_path)) == str(report)
    assert "Der Hafen" in report.read_text("utf-8")
    assert not list(tmp_path.glob("*.part"))


def test_lone_surrogates_and_controls_are_written(tmp_path: Path) -> None:
    row = article() | {"title": "a\ud800b\x00c"}
    (finished(tmp_path) / "articles-00000-of-00001.jsonl").write_text(json.dumps(row) + "\n")
    assert "a?b\ufffdc" in Path(write_report(str(tmp_path))).read_text("utf-8")


def test_a_folder_without_a_run_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no run\.json: name the folder of a run that has finished"):
        write_report(str(tmp_path))
    (tmp_path / "monday").mkdir()
    finished(tmp_path / "monday")
    with pytest.raises(UsageError, match=r"name one of its runs, such as .*monday$"):
        write_report(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("run.json", "{", r"run\.json is broken"),
        ("run.json", "[]", r"run\.json names no files"),
        ("run.json", '{"files": {"articles": [], "copies": [], "rejects": []}}', r"run\.json is not what a run writes"),
        ("rejects-00000-of-00001.jsonl", "{}\n", r"rejects-00000-of-00001\.jsonl, line 1, is not what"),
        ("articles-00000-of-00001.jsonl", None, r"all of the run's files must be there"),
    ],
    ids=["torn manifest", "no manifest", "half a manifest", "torn line", "missing file"],
)
def test_a_broken_run_says_which_file(tmp_path: Path, name: str, content: str | None, message: str) -> None:
    path = finished(tmp_path) / name
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    with pytest.raises(UsageError, match=message):
        write_report(str(tmp_path))
    assert not (tmp_path / "report.html").exists()
