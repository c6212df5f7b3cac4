"""`depesche stream` on Flink: windows while it runs, an end by itself, parts that die, a savepoint in between.

Flink's job server is looked for where ``./run_local.sh test --all-runners`` puts it; without it these tests are
skipped, except in that call.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.commands import load
from tests.e2e.flink_cluster import TASK_MANAGERS, FlinkCluster
from tests.e2e.press import sources_file
from tests.e2e.servers import Servers
from tests.e2e.streams import Newsroom, Windows, ended, stop, streaming
from tests.e2e.test_runners import JOB_SERVER, MAY_SKIP, RUNNERS

FAST = ("--every", "1s", "--window", "3s", "--checkpointing_interval=2000")


@pytest.fixture(scope="module")
def job_server() -> Path:
    if not (JOB_SERVER.is_file() and shutil.which("java")):
        says = f"there is no {JOB_SERVER}, or no Java: ./run_local.sh test --all-runners installs it"
        assert MAY_SKIP, says
        pytest.skip(says)
    return JOB_SERVER


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, job_server: Path) -> Iterator[FlinkCluster]:
    with FlinkCluster(tmp_path_factory.mktemp("cluster"), job_server) as running:
        yield running


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


class Press:
    """Two outlets, and the sources file that names them."""

    def __init__(self, servers: Servers, folder: Path) -> None:
        self._servers = servers
        self._rooms = [Newsroom(servers, f"127.0.7.{n}", 1000 * n, newest=500) for n in (3, 4)]
        self.file = sources_file(folder / "s.yaml", *(room.source(f"b{n}") for n, room in enumerate(self._rooms)))
        self.publish()

    def publish(self) -> None:
        for room in self._rooms:
            room.publish()

    @property
    def links(self) -> list[str]:
        return [link for room in self._rooms for link in room.links]

    def is_read(self) -> bool:
        """Whether every page that was published has been asked for."""
        asked = {f"{one.origin}{one.path}" for one in self._servers.log}
        return set(self.links) <= asked

    @contextmanager
    def publishing(self) -> Iterator[None]:
        """Two pages more every half second, as long as this lasts."""
        is_over = threading.Event()

        def publish() -> None:
            while not is_over.wait(0.5):
                self.publish()

        thread = threading.Thread(target=publish)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def wait_until_read(self) -> None:
        wait_for("the last pages", self.is_read)
        time.sleep(2)  # an answer is taken by one of the next ticks


def wait_for(what: str, holds: Callable[[], object], timeout_s: float = 90) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)


def wait_for_windows(directory: Path, count: int) -> None:
    """Until there are so many windows more."""
    before = len(list(directory.glob("window-*.json")))
    wait_for(f"{count} windows", lambda: len(list(directory.glob("window-*.json"))) >= before + count)


def test_a_stream_on_flink_writes_while_it_runs_and_ends_by_itself(
    tmp_path: Path, servers: Servers, job_server: Path
) -> None:
    assert job_server.is_file()
    press = Press(servers, tmp_path)
    given: tuple[str | Path, ...] = ("--sources", press.file, *FAST, "--stop-after", "30s", *RUNNERS["flink"])
    with streaming(tmp_path, "r", *given) as process:
        with press.publishing():
            wait_for_windows(tmp_path / "r", 1)
        assert not (tmp_path / "r" / "run.json").exists(), "it ended before it was looked at"
        ended(process, timeout_s=90)
    run = load(tmp_path / "r")
    assert run.manifest["runner"] == "FlinkRunner"
    assert (tmp_path / "r" / "report.html").is_file()
    assert Counter(row["url"] for row in run.articles) == Counter(press.links)
    assert len(Windows(tmp_path / "r").manifests) > 1


def running_job(cluster: FlinkCluster, before: set[str]) -> str:
    cluster.wait_for("the job", lambda: set(cluster.jobs()) - before, timeout_s=90)
    (job,) = set(cluster.jobs()) - before
    return job


@pytest.mark.parametrize("part", [TASK_MANAGERS[0], "workers"])
def test_a_part_that_dies_loses_nothing_and_doubles_nothing(
    tmp_path: Path, servers: Servers, cluster: FlinkCluster, part: str
) -> None:
    press, before = Press(servers, tmp_path), set(cluster.jobs())
    with streaming(tmp_path, "r", "--sources", press.file, *FAST, *cluster.options) as process:
        with press.publishing():
            job = running_job(cluster, before)
            wait_for_windows(tmp_path / "r", 2)
            cluster.kill(part)
            time.sleep(1)
            cluster.start(part)
            wait_for("the fault to be noticed", lambda: cluster.failures(job))
            wait_for_windows(tmp_path / "r", 2)
        press.wait_until_read()
        stop(process, timeout_s=90)
    check(tmp_path / "r", press)
    cluster.wait_for("the job to be cancelled", lambda: cluster.jobs()[job] == "CANCELED")


def check(directory: Path, press: Press) -> None:
    """Each page once, in what readers see and in the sum; the job has ended."""
    windows = Windows(directory)
    assert Counter(windows.urls() + windows.urls("copies")) == Counter(press.links)
    run = load(directory)
    assert run.manifest["runner"] == "PortableRunner"
    assert Counter(row["url"] for row in run.articles + run.copies) == Counter(press.links)
    assert not run.rejects


def test_a_savepoint_is_gone_on_from(tmp_path: Path, servers: Servers, cluster: FlinkCluster) -> None:
    press, before = Press(servers, tmp_path), set(cluster.jobs())
    given: tuple[str | Path, ...] = ("--sources", press.file, *FAST, *cluster.options)
    with streaming(tmp_path, "r", *given) as process:
        with press.publishing():
            job = running_job(cluster, before)
            wait_for_windows(tmp_path / "r", 2)
            path = cluster.stop_with_savepoint(job)
        output, _ = ended(process)
    assert "--savepoint_path" in output
    assert not (tmp_path / "r" / "run.json").exists(), "it goes on, and is not finished"
    with streaming(tmp_path, "r", *given, f"--savepoint_path={path}") as process:
        with press.publishing():
            wait_for_windows(tmp_path / "r", 2)
        press.wait_until_read()
        stop(process, timeout_s=90)
    check(tmp_path / "r", press)
