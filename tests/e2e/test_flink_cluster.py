"""A batch run on a Flink cluster of several processes: the same lines, also when a part of it dies in the middle.

Flink's job server is looked for where ``./run_local.sh test --all-runners`` puts it; without it these tests are
skipped, except in that call.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.commands import ROOT, Run, environment, ingest, load
from tests.e2e.flink_cluster import TASK_MANAGERS, FlinkCluster
from tests.e2e.test_ingest import DEMO, corpus
from tests.e2e.test_runners import JOB_SERVER, MAY_SKIP
from tests.e2e.test_state import stories

UNDER_WAY = 0.12
"""The share of a job's tasks that is done when it is worth killing something: documents are being read then."""


class Told(NamedTuple):
    """What the DirectRunner makes of the documents."""

    inputs: tuple[str | Path, ...]
    run: Run


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("direct")
    files = corpus(folder / "in.jsonl", 1700), stories(folder / "stories.jsonl", 130), DEMO
    inputs = tuple(argument for file in files for argument in ("--input", file))
    run = ingest(folder, "direct", *inputs)
    assert run.manifest["counts"]["copies"] > 100, "hardly a copy to compare by"
    return Told(inputs, run)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlinkCluster]:
    if not (JOB_SERVER.is_file() and shutil.which("java")):
        says = f"there is no {JOB_SERVER}, or no Java: ./run_local.sh test --all-runners installs it"
        assert MAY_SKIP, says
        pytest.skip(says)
    with FlinkCluster(tmp_path_factory.mktemp("cluster"), JOB_SERVER) as running:
        yield running


def test_a_cluster_writes_the_same_lines(tmp_path: Path, cluster: FlinkCluster, told: Told) -> None:
    run = ingest(tmp_path, "r", *told.inputs, *cluster.options)
    assert run.manifest["runner"] == "PortableRunner"
    assert run.manifest["counts"] == told.run.manifest["counts"]
    assert run.lines() == told.run.lines()


@pytest.mark.parametrize("part", [TASK_MANAGERS[0], "workers"])
def test_a_part_that_dies_in_the_middle_changes_nothing(
    tmp_path: Path, cluster: FlinkCluster, told: Told, part: str
) -> None:
    before = set(cluster.jobs())
    command = ("ingest", "--output", tmp_path, "--run-id", "r", *told.inputs, *cluster.options)
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", *map(str, command)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            cluster.wait_for("the job", lambda: set(cluster.jobs()) - before, timeout_s=120)
            (job,) = set(cluster.jobs()) - before
            cluster.wait_for("the job to be under way", lambda: cluster.done(job) >= UNDER_WAY, timeout_s=120)
            cluster.kill(part)
            assert cluster.done(job) < 1, "the run ended before anything could be killed"
            time.sleep(1)
            cluster.start(part)
            _, error = process.communicate(timeout=400)
        except BaseException:
            process.kill()
            raise
    assert process.returncode == 0, error
    assert cluster.failures(job) > 0, "nobody noticed that a part had died"
    assert load(tmp_path / "r").lines() == told.run.lines()
