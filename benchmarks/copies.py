"""Near-identical copies: CPU, memory and bytes as the corpus grows, beside MinHash LSH in the same run.

    python benchmarks/copies.py [--sizes 1000,10000,100000] [--hot] [--peer] [--graph]

Documents are made up: words from a Zipf vocabulary, half of them copies (cut, with a paragraph more, or with other
words), a third with one of 200 background paragraphs, over 14 days. ``--hot`` adds 10,000 copies of one text and 50,000
documents with one common paragraph. Every size is a process of its own. ``--peer`` runs datasketch's MinHash LSH (128
permutations, word triples, threshold .5; ``pip install datasketch``) on the same texts.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, TypeVar

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner.execution import GroupingBuffer

from tests.build import record
from transforms.copies import reference
from transforms.copies.fold import folded
from transforms.copies.score import Edge
from transforms.copies.sketch import sketch
from transforms.copies.star import assigned, star
from transforms.copies.transform import MergeCopies
from transforms.elements import Record, Sketch

VOCABULARY = 50_000
WORDS = 300
DAY = datetime(2026, 3, 2, tzinfo=UTC)
CORPORA = ("growth", "one text", "one paragraph")

T = TypeVar("T")


class Writer:
    """Invents texts; the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311
        letters = "abcdefghijklmnoprstuvwz"
        self._words = ["".join(self._random.choices(letters, k=2 + rank % 9)) for rank in range(VOCABULARY)]
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
        self._background = [self.paragraph(60) for _ in range(200)]

    def paragraph(self, count: int) -> list[str]:
        """Words in a row."""
        words = self._random.choices(self._words, cum_weights=self._weights, k=count)
        return [str(self._random.randrange(2000)) if self._random.random() < 0.03 else word for word in words]

    def texts(self, corpus: str, count: int) -> Iterator[str]:
        """The texts of a corpus."""
        common, originals = self.paragraph(60), list[list[str]]()
        stub = " ".join(self.paragraph(WORDS))
        for _ in range(count):
            if corpus == "one text":
                yield stub
            elif corpus == "one paragraph":
                yield " ".join(self.paragraph(100) + common)
            elif originals and self._random.random() < 0.5:
                yield " ".join(self._edited(self._random.choice(originals[-2000:])))
            else:
                words = self.paragraph(self._random.randrange(WORDS // 3, 2 * WORDS))
                if self._random.random() < 0.33:
                    words = words + self._random.choice(self._background)
                originals.append(words)
                yield " ".join(words)

    def _edited(self, words: list[str]) -> list[str]:
        kind = self._random.randrange(3)
        if kind == 0:
            return words[: self._random.randrange(len(words) // 2, len(words))]
        if kind == 1:
            return words + self.paragraph(40)
        return [word if self._random.random() < 0.95 else self._random.choice(self._words) for word in words]


class Stages:
    """CPU seconds of each stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[[], T]) -> T:
        """Do the work and note what it cost."""
        start = time.process_time()
        result = work()
        self.seconds[name] = time.process_time() - start
        return result


def main() -> None:
    """Measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--hot", action="store_true")
    parser.add_argument("--peer", action="store_true")
    parser.add_argument(
        "--graph", action="store_true", help="also the Beam graph, in one process: CPU and bytes shuffled"
    )
    parser.add_argument("--one", nargs=3, metavar=("WAY", "CORPUS", "COUNT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        way, corpus, count = options.one
        print(json.dumps({"ours": ours, "peer": peer, "graph": graph}[way](corpus, int(count))))
        return
    if options.graph:
        for size in options.sizes.split(","):
            show("graph", int(size), _measured("graph", "growth", int(size)))
    runs = [("growth", int(size)) for size in options.sizes.split(",")]
    if options.hot:
        runs += [("one text", 10_000), ("one paragraph", 50_000)]
    for corpus, count in runs:
        found = _measured("ours", corpus, count)
        show(corpus, count, found)
        if options.peer and corpus == "growth":
            other = _measured("peer", corpus, count)
            show("  datasketch", count, other)
            total, its = sum(found["seconds"].values()), sum(other["seconds"].values())
            print(f"  datasketch takes {its / total:.1f} x our CPU, {other['peak'] / found['peak']:.1f} x our memory")


def _measured(way: str, corpus: str, count: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.copies", "--one", way, corpus, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def show(corpus: str, count: int, found: dict[str, Any]) -> None:
    """Print one line of figures for each stage."""
    stages = ", ".join(f"{name} {seconds / count * 1e6:.0f}" for name, seconds in found["seconds"].items())
    total = sum(found["seconds"].values()) / count * 1e3
    print(f"{corpus} {count:,}: {total:.3f} ms CPU a document (µs: {stages}); peak {found['peak'] / 1e6:,.0f} MB")
    print("  " + ", ".join(f"{name} {value:,.1f}" for name, value in found["figures"].items()), flush=True)


def ours(corpus: str, count: int) -> dict[str, Any]:
    """The one-process reference, stage by stage; texts are written outside of the clock."""
    stages, sketches = Stages(), list[Sketch]()
    seconds = 0.0
    for document in _documents(corpus, count):
        start = time.process_time()
        sketches.append(sketch(document))
        seconds += time.process_time() - start
    stages.seconds["sketch"] = seconds
    distinct, equal = stages("collapse", lambda: reference.collapse(sketches))
    pairs = stages("candidates", lambda: list(reference.find_candidates(distinct)))
    seen = stages("days", lambda: reference.recurring_shingles(distinct))
    edges = stages("verify", lambda: reference.verify(distinct, pairs, seen))
    copies: dict[bytes, Edge] = stages("star", lambda: assigned(star((one.rank for one in distinct), edges), edges))
    size = sum(len(one.shingles) + len(one.numbers) + len(one.number_places) + 56 for one in sketches) / count
    figures = {
        "words": sum(one.words for one in sketches) / count,
        "bytes of a sketch": size,
        "pairs a document": len(pairs) / count,
        "edges a document": len(edges) / count,
        "copies %": 100 * (len(copies) + len(equal)) / count,
    }
    return {"seconds": stages.seconds, "figures": figures, "peak": _peak()}


def graph(corpus: str, count: int) -> dict[str, Any]:
    """`MergeCopies` on the in-process runner, from records to articles and copies; bytes as the groupings get them."""
    documents = list(_documents(corpus, count))
    shuffled = 0
    append = GroupingBuffer.append

    def counted(self: Any, data: bytes) -> None:
        nonlocal shuffled
        shuffled += len(data)
        append(self, data)

    GroupingBuffer.append = counted
    start = time.process_time()
    with beam.Pipeline(runner="apache_beam.runners.portability.fn_api_runner.FnApiRunner") as pipeline:
        # A source that is pickled with the graph would be measured too.
        records = pipeline | beam.Create([None]) | beam.FlatMap(lambda _: documents).with_output_types(Record)
        _ = records | MergeCopies()
    seconds = time.process_time() - start
    texts = sum(len(document.text.encode()) for document in documents)
    figures = {"KB shuffled a document": shuffled / count / 1e3, "KB of its text": texts / count / 1e3}
    return {"seconds": {"all": seconds}, "figures": figures, "peak": _peak()}


def _documents(corpus: str, count: int) -> Iterator[Record]:
    for number, text in enumerate(Writer(1).texts(corpus, count)):
        at = DAY + timedelta(minutes=number * 14 * 1440 / count)
        yield record(text, f"https://o.example/{number}", published_at=at, fetched_at=at)


def peer(corpus: str, count: int) -> dict[str, Any]:
    """MinHash LSH over the same word triples, queried and filled in the order of time."""
    datasketch = importlib.import_module("datasketch")
    lsh, copies = datasketch.MinHashLSH(threshold=0.5, num_perm=128), 0
    signing = querying = 0.0
    for number, text in enumerate(Writer(1).texts(corpus, count)):
        start = time.process_time()
        words = folded(text)
        triples = {" ".join(words[place : place + 3]).encode() for place in range(max(1, len(words) - 2))}
        signature = datasketch.MinHash(num_perm=128)
        signature.update_batch(list(triples))
        middle = time.process_time()
        copies += bool(lsh.query(signature))
        lsh.insert(number, signature)
        signing, querying = signing + middle - start, querying + time.process_time() - middle
    figures = {"copies %": 100 * copies / count}
    return {"seconds": {"sign": signing, "query": querying}, "figures": figures, "peak": _peak()}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
