"""What a crawl has done so far, in a small file that the program's terminal line is made of.

The files are for show: nothing in the results comes from them, and a disk that does not take them is no fault.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

EVERY_S = 1.0
PATTERN = "progress-*.json"

_numbers = count()


class Counts(NamedTuple):
    """What one crawl, or several together, have done and have before them.

    Args:
        pages: that came, or are unchanged.
        pages_asked: so many requests for pages there are, redirects to other sites left out.
        lists: feeds, sitemaps and archives that came.
        lists_asked: requests for those.
        archive_bytes: of archives, as far as they came.
        rejects: requests without a response.
        hosts: servers with requests before them.
        waits_for: the server that will take longest; empty where there is none.
        waiting: requests that wait for it.
        wait_s: how long they will take at its pace.
    """

    pages: int = 0
    pages_asked: int = 0
    lists: int = 0
    lists_asked: int = 0
    archive_bytes: int = 0
    rejects: int = 0
    hosts: int = 0
    waits_for: str = ""
    waiting: int = 0
    wait_s: float = 0.0

    def plus(self, other: Counts) -> Counts:
        """Both together; of the servers that are waited for the one that will take longer."""
        return max(self, other, key=lambda counts: counts.wait_s)._replace(
            pages=self.pages + other.pages,
            pages_asked=self.pages_asked + other.pages_asked,
            lists=self.lists + other.lists,
            lists_asked=self.lists_asked + other.lists_asked,
            archive_bytes=self.archive_bytes + other.archive_bytes,
            rejects=self.rejects + other.rejects,
            hosts=self.hosts + other.hosts,
        )


async def keep_reporting(directory: Path, counts: Callable[[], Counts]) -> None:
    """Write a crawl's counts once in `EVERY_S`, and the last ones when this is cancelled."""
    path = directory / f"progress-{os.getpid()}-{next(_numbers)}.json"
    try:
        while True:
            await asyncio.sleep(EVERY_S)
            _write(path, counts())
    finally:
        _write(path, counts()._replace(hosts=0, waits_for="", waiting=0, wait_s=0.0))


def read_counts(directory: Path) -> Counts | None:
    """The sum of what all crawls say that report into a directory; None where none does."""
    found = [counts for path in directory.glob(PATTERN) if (counts := _read(path))]
    total = found[0] if found else None
    for counts in found[1:]:
        total = total.plus(counts) if total else counts
    return total


def clear_counts(directory: Path) -> None:
    """Remove what was written for show."""
    for path in directory.glob(f"{PATTERN}*"):
        with suppress(OSError):
            path.unlink()


def _write(path: Path, counts: Counts) -> None:
    part = path.with_name(f"{path.name}.part")
    with suppress(OSError):
        part.write_text(json.dumps(counts._asdict()), "utf-8")
        part.replace(path)


def _read(path: Path) -> Counts | None:
    try:
        return Counts(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):  # gone, or of another version
        return None
