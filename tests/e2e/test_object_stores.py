"""Input, output and state on an object store: the real command against a local S3 server.

Beam makes a new S3 client for each call on its file systems, .1 s of CPU each. So the suite has one test of them, and
``./run_local.sh test --all-runners`` runs the rest.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions
from moto.server import ThreadedMotoServer

from tests.build import DAY
from tests.e2e.commands import ROOT, Run, depesche, environment, ingest, load
from tests.e2e.test_ingest import DEMO, corpus
from transforms.generation import StateError, StatePlan, commit

BUCKET = "presse"
FILES = ("texts/museumsschiff.txt", "wire.jsonl")
slow = pytest.mark.skipif("DEPESCHE_ALL_RUNNERS" not in os.environ, reason="./run_local.sh test --all-runners runs it")

logging.getLogger("werkzeug").setLevel(logging.ERROR)


class Store:
    """A bucket of a local server."""

    def __init__(self, endpoint: str) -> None:
        self.options = (
            f"--s3_endpoint_url={endpoint}",
            "--s3_access_key_id=reader",
            "--s3_secret_access_key=no-secret-4711",
            "--s3_region_name=eu-central-1",
        )
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id="reader",
            aws_secret_access_key="no-secret-4711",  # noqa: S106  of a server that asks for none
            region_name="eu-central-1",
        )
        self._client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def put(self, name: str, body: bytes) -> None:
        self._client.put_object(Bucket=BUCKET, Key=name, Body=body)

    def names(self, prefix: str = "") -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return sorted(found["Key"] for page in pages for found in page.get("Contents", ()))

    def get(self, name: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=BUCKET, Key=name)["Body"].read()
        return body

    def rename(self, name: str, other: str) -> None:
        self.put(other, self.get(name))
        self._client.delete_object(Bucket=BUCKET, Key=name)

    def run(self, prefix: str, place: Path) -> Run:
        """A finished run, fetched to a local folder."""
        place.mkdir(parents=True)
        for name in self.names(f"{prefix}/"):
            (place / name.removeprefix(f"{prefix}/").replace("/", "_")).write_bytes(self.get(name))
        return load(place)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def store(endpoint: str) -> Iterator[Store]:
    made = Store(endpoint)
    yield made
    for name in made.names():
        made._client.delete_object(Bucket=BUCKET, Key=name)
    made._client.delete_bucket(Bucket=BUCKET)


def on_store(store: Store, run_id: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return depesche("ingest", "--output", f"s3://{BUCKET}/out", "--run-id", run_id, *arguments, *store.options)


def test_all_of_a_run_may_lie_on_an_object_store(tmp_path: Path, store: Store) -> None:
    documents = tmp_path / "in"
    for name in FILES:
        (documents / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DEMO / name, documents / name)
    (documents / "more.jsonl.gz").write_bytes(gzip.compress(corpus(tmp_path / "more.jsonl", 60).read_bytes()))
    for file in documents.rglob("*.*"):
        store.put(f"in/{file.relative_to(documents)}", file.read_bytes())
    arguments = ("--input", f"s3://{BUCKET}/in", "--state", f"s3://{BUCKET}/state")
    done = on_store(store, "one", *arguments)
    assert done.returncode == 0, done.stderr
    assert f"s3://{BUCKET}/out/one/report.html" in done.stdout
    first = store.run("out/one", tmp_path / "one")
    assert first.copies and first.lines() == ingest(tmp_path / "out", "one", "--input", documents).lines()
    assert "no-secret-4711" not in (tmp_path / "one" / "run.json").read_text(), "run.json tells the key"
    assert store.names("state/generation-") == ["state/generation-000001.json"]
    left = [name for name in store.names() if ".part" in name or "beam-temp" in name]
    assert not left, "something was left behind"


@slow
def test_a_second_run_goes_on_from_a_state_on_the_store(tmp_path: Path, store: Store) -> None:
    store.put("in/more.jsonl", corpus(tmp_path / "more.jsonl", 60).read_bytes())
    arguments = ("--input", f"s3://{BUCKET}/in/*.jsonl", "--state", f"s3://{BUCKET}/state")
    assert on_store(store, "one", *arguments).returncode == 0
    first = store.run("out/one", tmp_path / "one")
    done = on_store(store, "two", *arguments, "--keep-state", "1")
    assert done.returncode == 0, done.stderr
    second = store.run("out/two", tmp_path / "two")
    assert not second.articles and not second.copies
    assert second.manifest["counts"]["unchanged"] == len(first.articles) + len(first.copies)
    assert [name for name in store.names("state/") if name.endswith(".json")] == ["state/generation-000002.json"]
    assert {name.split("/")[1][:6] for name in store.names("state/0")} == {"000002"}, "old files of the state stay"
    left = [name for name in store.names() if ".part" in name or "beam-temp" in name]
    assert not left, "something was left behind"


def test_of_two_commits_at_once_one_makes_the_generation(store: Store) -> None:
    plans = [
        StatePlan(f"s3://{BUCKET}/state", None, 1, f"s3://{BUCKET}/out/{name}", name, DAY, DAY) for name in "abcdefgh"
    ]
    started_by = threading.Barrier(len(plans))

    def try_it(plan: StatePlan) -> bool:
        started_by.wait()
        try:
            commit(plan, [])
        except StateError:
            return False
        return True

    before = FileSystems._pipeline_options
    FileSystems.set_options(PipelineOptions(store.options))
    try:
        with ThreadPoolExecutor(len(plans)) as threads:
            won = [plan.attempt for plan, is_made in zip(plans, threads.map(try_it, plans), strict=True) if is_made]
    finally:
        FileSystems.set_options(before)
    assert len(won) == 1
    assert json.loads(store.get("state/generation-000001.json"))["attempt"] == won[0]


@slow
def test_a_killed_run_ends_the_same_when_started_again(tmp_path: Path, store: Store) -> None:
    documents = corpus(tmp_path / "in.jsonl", 400)
    arguments = ("--input", documents, "--state", f"s3://{BUCKET}/state")
    command = ["ingest", "--output", f"s3://{BUCKET}/out", "--run-id", "dies", *arguments, *store.options]
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", *map(str, command)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 120
        while not any(".parquet" in name for name in store.names("state/")):
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline, "the run never wrote its state"
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    assert "out/dies/run.json" not in store.names() and "state/generation-000001.json" not in store.names()
    done = on_store(store, "dies", *arguments)
    assert done.returncode == 0, done.stderr
    again = store.run("out/dies", tmp_path / "again")
    assert again.lines() == ingest(tmp_path / "out", "whole", "--input", documents).lines()
    assert len({name.split("/")[1] for name in store.names("state/0")}) == 1, "what the dead run left is cleared away"

    store.rename("out/dies/run.json", "out/dies/run.json.part")  # as a kill after the commit leaves it
    done = on_store(store, "dies", *arguments)
    assert done.returncode == 0 and "nothing was left to do" in done.stdout, done.stderr
    assert store.run("out/dies", tmp_path / "finished") == again


@slow
def test_a_run_that_finds_another_ones_generation_does_not_commit(tmp_path: Path, store: Store) -> None:
    arguments = ("--input", corpus(tmp_path / "in.jsonl", 100), "--state", f"s3://{BUCKET}/state")
    assert on_store(store, "one", *arguments).returncode == 0
    other = json.loads(store.get("state/generation-000001.json")) | {
        "number": 2,
        "run": f"s3://{BUCKET}/out/other",
        "attempt": "other",
    }

    def be_faster() -> None:
        deadline = time.monotonic() + 120
        while not store.names("state/000002-") and time.monotonic() < deadline:
            time.sleep(0.01)
        store.put("state/generation-000002.json", json.dumps(other).encode())

    faster = threading.Thread(target=be_faster)
    faster.start()
    done = on_store(store, "two", *arguments)
    faster.join()
    assert done.returncode == 1, done.stdout
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert f"s3://{BUCKET}/out/other has committed generation 2 while this run was on its way" in done.stderr
    assert json.loads(store.get("state/generation-000002.json"))["attempt"] == "other"
    assert "out/two/run.json" not in store.names()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("--input", f"s3://{BUCKET}/nothing*", "--output", "out"), 2, "nothing*: matches no file"),
        (("--input", "s3://no-such-bucket/x.txt", "--output", "out"), 2, "--input s3://no-such-bucket/x.txt"),
        (("--input", DEMO / FILES[0], "--output", "s3://no-such-bucket/out"), 1, "bucket does not exist"),
    ],
)
@slow
def test_what_is_wrong_with_a_bucket_is_one_message(
    tmp_path: Path, store: Store, arguments: tuple[str | Path, ...], status: int, says: str
) -> None:
    done = depesche("ingest", *arguments, *store.options, cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert len(done.stderr.splitlines()) == 1 and says in done.stderr, done.stderr
