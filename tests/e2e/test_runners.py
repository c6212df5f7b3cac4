"""One graph, one set of lines, on every runner: the demo, 2,000 generated documents, two runs on one state, a crawl.

Prism and Flink's job server are looked for in ``runners/`` of the environment that runs the tests, where
``./run_local.sh test --all-runners`` puts them. A runner that is not there is skipped, except in that call.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.e2e.commands import ROOT, Run, depesche, environment, ingest, load
from tests.e2e.press import XML, article_html, conditional, feed_xml, sources_file, story
from tests.e2e.servers import Reply, Servers, redirect
from tests.e2e.streams import Newsroom, stop, streaming, wait_for
from tests.e2e.test_ingest import DEMO, corpus
from tests.e2e.test_state import stories

INSTALLED = Path(sys.prefix) / "runners"
PRISM = INSTALLED / "prism"
JOB_SERVER = INSTALLED / "flink-job-server.jar"
MAY_SKIP = "DEPESCHE_ALL_RUNNERS" not in os.environ

TWO_WORKERS = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")
RUNNERS: dict[str, tuple[str, ...]] = {
    "two-workers": TWO_WORKERS,
    "prism": ("--runner=PrismRunner", f"--prism_location={PRISM}"),
    "flink": (
        *("--runner=FlinkRunner", "--flink_master=[local]", f"--flink_job_server_jar={JOB_SERVER}"),
        "--parallelism=2",
    ),
}
NAMES = {"two-workers": "FnApiRunner", "prism": "PrismRunner", "flink": "FlinkRunner"}


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    needed: dict[str, list[object]] = {
        "prism": [PRISM.is_file()],
        "flink": [JOB_SERVER.is_file(), shutil.which("java")],
    }
    if not all(needed.get(name, [])):
        says = f"{name} is not in {INSTALLED}, or Java is missing: ./run_local.sh test --all-runners installs it"
        assert MAY_SKIP, says
        pytest.skip(says)
    return name


class Told(NamedTuple):
    """What the DirectRunner with one worker makes of the documents."""

    documents: Path
    more: Path
    alone: Run
    first: Run
    second: Run


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("direct")
    documents, more = folder / "in", folder / "more"
    for place, counts in ((documents, (1700, 130)), (more, (1750, 150))):  # the second run meets what the first did
        place.mkdir()
        corpus(place / "in.jsonl", counts[0])
        stories(place / "stories.jsonl", counts[1])
    alone = ingest(folder, "alone", "--input", documents, "--input", DEMO)
    state = ("--state", folder / "state")
    first = ingest(folder, "first", "--input", documents, "--input", DEMO, *state)
    second = ingest(folder, "second", "--input", more, "--input", DEMO, *state)
    assert alone.manifest["counts"]["read"] >= 2000 + 34, "the corpus has shrunk"
    assert alone.manifest["counts"]["copies"] > 100, "hardly a copy to compare runners by"
    assert alone.lines() == first.lines()
    assert second.articles and second.copies and second.manifest["counts"]["unchanged"] > 1000
    assert alone.manifest["runner"] == "FnApiRunner"
    return Told(documents, more, alone, first, second)


def test_every_runner_writes_the_same_lines(tmp_path: Path, told: Told, runner: str) -> None:
    run = ingest(tmp_path, "r", "--input", told.documents, "--input", DEMO, *RUNNERS[runner])
    assert run.manifest["runner"] == NAMES[runner]
    assert counts(run) == counts(told.alone)
    assert run.lines() == told.alone.lines()


def test_every_runner_goes_on_from_a_state(tmp_path: Path, told: Told, runner: str) -> None:
    state: tuple[str | Path, ...] = ("--state", tmp_path / "state", *RUNNERS[runner])
    first = ingest(tmp_path, "first", "--input", told.documents, "--input", DEMO, *state)
    assert first.lines() == told.first.lines()
    second = ingest(tmp_path, "second", "--input", told.more, "--input", DEMO, *state)
    assert counts(second) == counts(told.second)
    assert second.lines() == told.second.lines()
    third = ingest(tmp_path, "third", "--input", told.more, "--input", DEMO, "--state", tmp_path / "state")
    assert not third.articles and not third.copies, "another runner does not know the state"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def started(log: Path, port: int, *command: str | Path) -> Iterator[None]:
    """A server of its own process, as long as this lasts."""
    # A worker pool calls `python`, whichever is first.
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    with (
        log.open("wb") as output,
        subprocess.Popen(
            list(map(str, command)),
            stdout=output,
            stderr=output,
            env=environment() | {"PATH": path},
            start_new_session=True,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + 60
            while True:
                assert process.poll() is None, log.read_text("utf-8", "replace")[-2000:]
                assert time.monotonic() < deadline, f"{command[0]} does not listen"
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.1)
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)


@pytest.mark.parametrize("runner", ["flink"], indirect=True)
def test_a_job_server_and_a_worker_pool_of_their_own(tmp_path: Path, told: Told, runner: str) -> None:
    """As `deploy/flink` has them: the driver, the job server and the workers are processes of their own."""
    jobs, artifacts, pool = free_port(), free_port(), free_port()
    server = ("java", "-Xss16m", "-jar", JOB_SERVER, "--flink-master", "[local]", "--expansion-port", "-1")
    with (
        started(
            *(tmp_path / "server.log", jobs, *server, "--job-port", str(jobs), "--artifact-port", str(artifacts)),
            *("--artifacts-dir", tmp_path / "artifacts"),
        ),
        started(
            *(tmp_path / "pool.log", pool, sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main"),
            f"--service_port={pool}",
        ),
    ):
        run = ingest(
            *(tmp_path, "r", "--input", told.documents, "--input", DEMO, "--runner=PortableRunner"),
            *(f"--job_endpoint=localhost:{jobs}", f"--artifact_endpoint=localhost:{artifacts}"),
            *("--environment_type=EXTERNAL", f"--environment_config=localhost:{pool}", "--parallelism=2"),
        )
    assert run.manifest["runner"] == "PortableRunner"
    assert run.lines() == told.alone.lines()


def test_a_run_that_is_stopped_leaves_nothing_running(tmp_path: Path, told: Told, runner: str) -> None:
    command = ("ingest", "--input", told.documents, "--output", tmp_path, "--run-id", "r", *RUNNERS[runner])
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline", *map(str, command)],
        cwd=ROOT,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("r/beam-temp-*")):  # Beam is writing
            assert process.poll() is None, "the run ended before it could be stopped"
            assert time.monotonic() < deadline, "the run never began to write"
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=60)
        assert process.returncode == 1, error
    assert error == f"depesche ingest: interrupted; {tmp_path / 'r'} holds no run.json\n"
    with pytest.raises(ProcessLookupError):
        for _ in range(100):  # a child may take a moment to end
            os.killpg(process.pid, 0)
            time.sleep(0.1)
    assert not (tmp_path / "r" / "run.json").exists()


def dataflow(tmp_path: Path, *arguments: str | Path) -> tuple[str | Path, ...]:
    return (
        *("ingest", "--input", DEMO, "--output", tmp_path / "out", "--run-id", "r", "--runner=DataflowRunner"),
        *("--project=presse", "--region=europe-west3", "--temp_location=gs://depesche-eu/temp"),
        *("--staging_location=gs://depesche-eu/staging", "--sdk_location=container", "--no_auth", *arguments),
    )


def test_dataflow_takes_the_graph(tmp_path: Path) -> None:
    try:
        metadata.version("google-cloud-storage")
    except metadata.PackageNotFoundError:
        assert MAY_SKIP, "apache-beam[gcp] is not installed"
        pytest.skip("apache-beam[gcp] is not installed: ./run_local.sh test --all-runners installs it")
    before = ingest(tmp_path / "out", "r", "--input", DEMO)
    done = depesche(*dataflow(tmp_path, "--overwrite", "--state", tmp_path / "state", "--dry_run=True"))
    assert done.returncode == 0, done.stderr
    assert "the graph and the options are sound" in done.stdout and not done.stderr
    assert load(tmp_path / "out" / "r") == before, "a dry run wrote something"
    stream = ("stream", *dataflow(tmp_path, "--dry_run=True", "--window", "1m")[1:])
    done = depesche(*[one if one != "r" else "s" for one in stream])
    assert done.returncode == 0 and "the graph and the options are sound" in done.stdout, done.stderr
    assert not (tmp_path / "out" / "s").exists(), "a dry run wrote something"
    missing = [one for one in dataflow(tmp_path, "--dry_run=True") if not str(one).startswith("--region")]
    done = depesche(*missing)
    assert done.returncode == 2 and "Missing required option: region" in done.stderr
    done = depesche(*dataflow(tmp_path))
    assert done.returncode == 2 and "the workers of Dataflow do not see this disk" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def counts(run: Run) -> dict[str, int]:
    found: dict[str, int] = run.manifest["counts"]
    return found


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def test_every_runner_fetches_once_and_the_same(tmp_path: Path, servers: Servers, runner: str) -> None:
    site = servers.serve(
        "127.0.6.1",
        {f"/{n}": conditional(article_html(f"Meldung {n}", story(600 + n))) for n in range(30)}
        | {"/weg": Reply(410, b"")},
    )
    other = servers.serve("127.0.6.2", {"/moved": redirect(f"{site}/29")})
    links = [*(f"{site}/{n}" for n in range(29)), f"{site}/weg", f"{other}/moved"]
    lists = servers.serve("127.0.6.3", {"/rss": conditional(feed_xml(links), XML)})
    file = sources_file(tmp_path / "s.yaml", {"name": "blatt", "kind": "feed", "url": f"{lists}/rss"})
    run = ingest(tmp_path, "r", "--sources", file, "--state", tmp_path / "state", *RUNNERS[runner])
    assert {article["url"] for article in run.articles} == {f"{site}/{n}" for n in range(30)}
    assert [reject["reason"] for reject in run.rejects] == ["http_status"]
    asked = [(one.origin, one.path) for one in servers.log if one.path != "/robots.txt"]
    assert len(asked) == len(set(asked)) == 33, "a page was asked for twice, or not at all"


def test_a_failure_is_one_message_on_every_runner(tmp_path: Path, runner: str) -> None:
    (tmp_path / "a.txt").write_text("Der neue Hafen ist am Montag eröffnet worden.")
    folder = tmp_path / "out" / "r"
    (folder / "run.json.part").mkdir(parents=True)  # the last step of the run cannot write there
    arguments = ("ingest", "--input", tmp_path / "a.txt", "--output", tmp_path / "out", "--run-id", "r")
    done = depesche(*arguments, *RUNNERS[runner])
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "Is a directory" in done.stderr and "holds no run.json" in done.stderr
    assert "Traceback" in (folder / "failed.txt").read_text(), "what the runner said is lost"
    (folder / "run.json.part").rmdir()
    assert depesche(*arguments).returncode == 0
    assert load(folder).articles and not (folder / "failed.txt").exists()


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (("--runner=PrismRunner", "--prism_location=none"), 2, "--prism_location none: there is no such file"),
        (("--runner=FlinkRunner", "--flink_job_server_jar=none.jar"), 2, "--flink_job_server_jar none.jar"),
        (("--runner=DataflowRunner", "--project=p"), 2, "the workers of Dataflow do not see this disk"),
        (("--runner=PortableRunner", "--job_endpoint=localhost:9", "--job_server_timeout=1"), 1, "Timeout"),
    ],
)
def test_a_runner_that_is_not_there_is_one_message(
    tmp_path: Path, options: tuple[str, ...], status: int, says: str
) -> None:
    (tmp_path / "a.txt").write_text("Der neue Hafen ist am Montag eröffnet worden.")
    before = ingest(tmp_path / "out", "r", "--input", tmp_path / "a.txt")
    arguments = ("ingest", "--input", tmp_path / "a.txt", "--output", tmp_path / "out", "--run-id", "r", "--overwrite")
    done = depesche(*arguments, *options)
    assert done.returncode == status, done.stderr
    assert len(done.stderr.splitlines()) == 1 and says in done.stderr, done.stderr
    if status == 2:
        assert load(tmp_path / "out" / "r") == before, "a call that could not run took the earlier run away"


def test_a_stream_closes_its_windows_while_it_runs_on_prism(tmp_path: Path) -> None:
    if not PRISM.is_file():
        says = f"prism is not in {INSTALLED}: ./run_local.sh test --all-runners installs it"
        assert MAY_SKIP, says
        pytest.skip(says)
    with Servers() as servers:
        room = Newsroom(servers, "127.0.2.12", 12_000)
        first = room.publish(3)
        sources = sources_file(tmp_path / "s.yaml", room.source("blatt"))
        given = ("--sources", sources, "--every", "1s", "--window", "2s", "--state", tmp_path / "state")
        with streaming(tmp_path, "r", *given, *RUNNERS["prism"]) as process:
            wait_for(tmp_path / "r", first)
            wait_for(tmp_path / "r", room.publish(2))
            process.kill()  # and the runner with it, or not: nothing of it may be seen
        room.publish(2)
        with streaming(tmp_path, "r", *given, *RUNNERS["prism"]) as process:
            wait_for(tmp_path / "r", room.links)
            stop(process)
        run = load(tmp_path / "r")
        assert sorted(row["url"] for row in run.articles) == sorted(room.links), "lost or doubled"
        assert run.manifest["runner"] == "PrismRunner"
        again = ingest(tmp_path, "again", "--sources", sources, "--state", tmp_path / "state")
        assert not again.articles
