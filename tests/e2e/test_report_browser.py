"""The report in Debian's chromium, headless: it renders, its filter works, and hostile titles do nothing."""

from __future__ import annotations

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest

from pipeline.page import page
from pipeline.tally import Tally
from tests.unit.test_report import article, run

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--v=0",
    "--virtual-time-budget=2000",
    "--dump-dom",
)
HOSTILE = "<script>document.title='hit';alert(1)</script><img src=x onerror=\"document.title='hit'\">"

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium or chrome is installed (apt-get install chromium)")


class Dom(HTMLParser):
    """The records that are visible, and the texts of the title and of the filter's count."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.visible: list[str] = []
        self.text: dict[str, str] = {}
        self._in: str | None = None
        self._is_visible = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append(tag)
        if "data-record" in named:
            self._is_visible = "hidden" not in named
        self._in = {"title": "title", "h3": "h3"}.get(tag, self._in)
        if named.get("id") == "shown":
            self._in = "shown"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("title", "h3", "p"):
            self._in = None

    def handle_data(self, data: str) -> None:
        if self._in == "h3" and self._is_visible:
            self.visible.append(data)
        elif self._in and self._in not in self.text:
            self.text[self._in] = data


def browse(path: Path, fragment: str, profile: Path) -> tuple[Dom, str]:
    assert BROWSER
    command = [BROWSER, *FLAGS, f"--user-data-dir={profile}", path.as_uri() + fragment]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return Dom(done.stdout.decode("utf-8")), done.stderr.decode("utf-8", "replace")


def console(log: str) -> list[str]:
    return [line for line in log.splitlines() if "CONSOLE" in line]


@pytest.fixture
def report(tmp_path: Path) -> Path:
    tally = Tally()
    for title in ("Fähre läuft auf", "Ferry runs aground", HOSTILE):
        tally.add_article(article(f"{title} bei Nebel.", title=title, source="wire"))
    path = tmp_path / "report.html"
    path.write_text(page(run(articles=3), tally), "utf-8")
    return path


def test_renders_and_hostile_titles_do_nothing(report: Path, tmp_path: Path) -> None:
    dom, log = browse(report, "", tmp_path / "profile")
    assert console(log) == []
    assert sorted(dom.visible) == sorted(["Fähre läuft auf", "Ferry runs aground", HOSTILE])
    assert dom.text["title"].startswith("Run night")
    assert (dom.tags.count("script"), dom.tags.count("img")) == (1, 0)
    assert dom.text["shown"] == "3 of 3 shown"


@pytest.mark.parametrize(
    ("term", "titles"),
    [("ferry", ["Ferry runs aground"]), ("FAHRE nebel", ["Fähre läuft auf"]), ("fähre wire", ["Fähre läuft auf"])],
)
def test_filter_takes_its_words_from_the_address(report: Path, tmp_path: Path, term: str, titles: list[str]) -> None:
    dom, log = browse(report, "#q=" + quote(term), tmp_path / "profile")
    assert console(log) == []
    assert dom.visible == titles
    assert dom.text["shown"] == "1 of 3 shown"


def test_policy_stops_a_script_that_is_not_its_own(report: Path, tmp_path: Path) -> None:
    text = report.read_text("utf-8")
    report.write_text(text.replace("</main>", "<script>document.title='hit'</script></main>"), "utf-8")
    dom, log = browse(report, "", tmp_path / "profile")
    assert dom.text["title"].startswith("Run night")
    assert any("Content Security Policy" in line for line in console(log))
