"""A Flink cluster on this machine, as `deploy/flink/standalone` starts it: two TaskManagers, workers, a job server.

Each part is a process (and its children) of its own, so that a test can kill one and start it again.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.e2e.commands import ROOT, environment

START = ROOT / "deploy" / "flink" / "standalone" / "start.sh"
TASK_MANAGERS = ("taskmanager-1", "taskmanager-2")
SLOTS = 2


class FlinkCluster:
    """Runs as long as the `with` block lasts; its logs, checkpoints and savepoints are in `folder`."""

    def __init__(self, folder: Path, jar: Path) -> None:
        self.folder = folder
        self._jar = jar
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        names = ("rpc", "rest", "jobs", "artifacts", "pool")
        self._ports = dict(zip(names, free_ports(len(names)), strict=True))

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            for part in ("jobmanager", *TASK_MANAGERS, "workers", "job-server"):
                self.start(part)
            self.wait_for("the cluster's slots", lambda: self.slots() == SLOTS * len(TASK_MANAGERS))
            self.wait_for("the pool", lambda: listens(self._ports["pool"]))
            self.wait_for("the job server", lambda: listens(self._ports["jobs"]))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in reversed(list(self._processes)):
            self.kill(part)

    @property
    def options(self) -> tuple[str, ...]:
        """What `depesche` is given to run here.

        Between two stages of a batch a TaskManager has nothing to do for a moment, and would end its workers; they are
        kept so long, but not so long as Flink waits before it begins again what has failed.
        """
        return (
            "--runner=PortableRunner",
            f"--job_endpoint=localhost:{self._ports['jobs']}",
            f"--artifact_endpoint=localhost:{self._ports['artifacts']}",
            f"--flink_master=localhost:{self._ports['rest']}",
            *("--environment_type=EXTERNAL", f"--environment_config=localhost:{self._ports['pool']}"),
            "--environment_cache_millis=5000",
            f"--parallelism={SLOTS * len(TASK_MANAGERS)}",
        )

    def start(self, part: str) -> None:
        """Start a part, or start it again after `kill`."""
        ports, folder = self._ports, self.folder
        shared = (
            f"-Djobmanager.rpc.port={ports['rpc']}",
            f"-Drest.port={ports['rest']}",
            f"-Dtaskmanager.numberOfTaskSlots={SLOTS}",
            f"-Dio.tmp.dirs={folder / 'temporary'}",
            f"-Dstate.checkpoints.dir=file://{folder / 'checkpoints'}",
            f"-Dstate.savepoints.dir=file://{folder / 'savepoints'}",
        )
        arguments: dict[str, tuple[str, ...]] = {
            "jobmanager": shared,
            **{name: (*shared, f"-Dtaskmanager.resource-id={name}-{time.monotonic_ns()}") for name in TASK_MANAGERS},
            "workers": (str(ports["pool"]),),
            "job-server": (
                *("--flink-master", f"localhost:{ports['rest']}", "--artifacts-dir", str(folder / "artifacts")),
                *("--job-port", str(ports["jobs"]), "--artifact-port", str(ports["artifacts"])),
            ),
        }
        with (folder / f"{part}.log").open("ab") as log:
            self._processes[part] = subprocess.Popen(
                [str(START), part.split("-")[0] if part in TASK_MANAGERS else part, *arguments[part]],
                stdout=log,
                stderr=log,
                env=environment() | {"FLINK_JAR": str(self._jar), "PYTHON": sys.executable},
                start_new_session=True,
            )

    def kill(self, part: str) -> None:
        """Kill a part with all that it has started, as a machine dies: nothing of it can do anything any more."""
        process = self._processes.pop(part)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def wait_for(self, what: str, holds: Callable[[], object], timeout_s: float = 60) -> None:
        """Until `holds()` is true. A part that has ended is an error with its last words, and so is the time's end."""
        deadline = time.monotonic() + timeout_s
        while not holds():
            for part, process in self._processes.items():
                assert process.poll() is None, f"{part} ended: {self.last_words(part)}"
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(0.1)

    def last_words(self, part: str) -> str:
        return (self.folder / f"{part}.log").read_text("utf-8", "replace")[-2000:]

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Flink's REST interface: GET, or POST of `body`."""
        request = urllib.request.Request(
            f"http://localhost:{self._ports['rest']}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)

    def slots(self) -> int:
        """How many slots the JobManager knows of; 0 while it does not answer."""
        with suppress(OSError):
            found: int = self.ask("/overview")["slots-total"]
            return found
        return 0

    def jobs(self) -> dict[str, str]:
        """The state of each job that was ever started here, by its id."""
        return {job["jid"]: job["state"] for job in self.ask("/jobs/overview")["jobs"]}

    def done(self, job: str) -> float:
        """The share of a job's tasks that have ended as they should."""
        tasks = next(one["tasks"] for one in self.ask("/jobs/overview")["jobs"] if one["jid"] == job)
        return float(tasks["finished"] / max(1, tasks["total"]))

    def stop_with_savepoint(self, job: str) -> str:
        """Stop a stream with its windows open; gives the path at which it can be gone on with."""
        asked = self.ask(f"/jobs/{job}/stop", {"targetDirectory": f"file://{self.folder / 'savepoints'}"})
        path = f"/jobs/{job}/savepoints/{asked['request-id']}"
        self.wait_for("the savepoint", lambda: self.ask(path)["status"]["id"] == "COMPLETED")
        told = self.ask(path)["operation"]
        assert "location" in told, told
        return str(told["location"])

    def failures(self, job: str) -> int:
        """How many times a part of the job failed and was begun again."""
        return len(self.ask(f"/jobs/{job}/exceptions")["exceptionHistory"]["entries"])


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at."""
    servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in servers]
    for server in servers:
        server.close()
    return ports


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
