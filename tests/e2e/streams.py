"""A stream as a user starts it, and a newsroom that goes on publishing while it runs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.e2e.commands import ROOT, environment
from tests.e2e.press import XML, article_html, conditional, feed_xml, story
from tests.e2e.servers import Answers, Servers
from transforms.write import schemas

_VALIDATORS = {kind: Draft202012Validator(schemas.schema(kind)) for kind in schemas.KINDS}
_KINDS = {"articles": "article", "copies": "copy", "rejects": "reject", "gone": "gone"}


class Newsroom:
    """An outlet: a feed of its newest pages, which can be added to, changed and taken away while it is read."""

    def __init__(self, servers: Servers, host: str, first_seed: int, newest: int = 50) -> None:
        self.pages: dict[str, Answers] = {}
        self.origin = servers.serve(host, self.pages)
        self.links: list[str] = []
        self._seed, self._newest = first_seed, newest
        self._show()

    def publish(self, count: int = 1) -> list[str]:
        """Publish stories of their own; gives their addresses."""
        links = []
        for _ in range(count):
            path = f"/{len(self.links)}"
            self.put(path, self._seed + len(self.links))
            links.append(f"{self.origin}{path}")
            self.links.append(links[-1])
        self._show()
        return links

    def put(self, path: str, seed: int) -> None:
        """Put a story at an address, in place of what was there."""
        self.pages[path] = conditional(article_html(f"Meldung {seed}", story(seed)))

    def _show(self) -> None:
        self.pages["/rss"] = conditional(feed_xml(self.links[-self._newest :]), XML)

    def source(self, name: str, **more: Any) -> dict[str, Any]:
        """The entry of a sources file."""
        return {"name": name, "kind": "feed", "url": f"{self.origin}/rss"} | more


@contextmanager
def streaming(output: Path, run_id: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """`depesche stream`, as long as this lasts; then it is killed, if it has not ended."""
    command = [sys.executable, "-m", "pipeline", "stream", "--output", str(output), "--run-id", run_id]
    process = subprocess.Popen(
        [*command, *map(str, arguments)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C at the terminal of the tests is not for it
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def ended(process: subprocess.Popen[str], timeout_s: float = 60.0) -> tuple[str, str]:
    """What a stream said that ends by itself, or has been told to; it has to end well."""
    output, errors = process.communicate(timeout=timeout_s)
    assert process.returncode == 0, f"exit status {process.returncode}: {errors[-3000:]}"
    return output, errors


def stop(process: subprocess.Popen[str], timeout_s: float = 60.0) -> tuple[str, str]:
    """Ask a stream to end."""
    process.send_signal(signal.SIGTERM)
    return ended(process, timeout_s)


class Windows:
    """What a stream has written so far, by its manifests; every line is valid and every window closes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.manifests = [json.loads(path.read_text("utf-8")) for path in sorted(directory.glob("window-*.json"))]
        self.lines: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _KINDS}
        for window in self.manifests:
            _VALIDATORS["window"].validate(window)
            counts = window["counts"]
            assert counts["read"] == sum(counts[kind] for kind in ("articles", "copies", "rejects", "unchanged"))
            for kind, names in window["files"].items():
                found = [row for name in names for row in self._rows(name)]
                for row in found:
                    _VALIDATORS[_KINDS[kind]].validate(row)
                assert len(found) == (window["gone"] if kind == "gone" else counts[kind]), f"{kind} of {window}"
                self.lines[kind] += found

    def _rows(self, name: str) -> Iterator[dict[str, Any]]:
        for line in (self.directory / name).read_text("utf-8").splitlines():
            yield json.loads(line)

    def urls(self, kind: str = "articles") -> list[str]:
        """Of the lines of one kind, in order."""
        return sorted(row["url"] for row in self.lines[kind])

    def files(self) -> set[str]:
        """The names of all files that are named."""
        return {name for window in self.manifests for names in window["files"].values() for name in names}


def wait_for(directory: Path, links: list[str], timeout_s: float = 30.0) -> Windows:
    """Wait until articles of some addresses are written."""
    end = time.monotonic() + timeout_s
    while True:
        found = Windows(directory)
        if set(links) <= {*found.urls(), *found.urls("copies")}:
            return found
        assert time.monotonic() < end, f"not written: {sorted(set(links) - set(found.urls()))}; {found.manifests[-2:]}"
        time.sleep(0.2)
