"""What is shipped to workers is whole: a source distribution, installed where the source tree is not, runs the demo."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
from pathlib import Path

import pytest

from tests.e2e.commands import ROOT, ingest, load
from tests.e2e.test_ingest import DEMO

slow = pytest.mark.skipif("DEPESCHE_ALL_RUNNERS" not in os.environ, reason="./run_local.sh test --all-runners runs it")
TWO_WORKERS = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")


def call(*command: str | Path, cwd: Path, path: Path | None = None) -> str:
    """The output of a command that has to succeed, with a module path of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=900
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As runners make it of ``--setup_file=./setup.py``."""
    folder = tmp_path_factory.mktemp("sdist")
    call(
        *(sys.executable, "setup.py", "-q", "egg_info", "--egg-base", folder, "sdist", "--dist-dir", folder),
        cwd=ROOT,
    )
    (made,) = folder.glob("depesche-*.tar.gz")
    return made


def test_the_distribution_runs_the_demo_as_the_source_tree_does(tmp_path: Path, sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    site = tmp_path / "site"
    source = tmp_path / sdist.name.removesuffix(".tar.gz")
    call(
        sys.executable, "setup.py", "-q", "build", "--build-lib", site, cwd=source
    )  # what pip copies, without a network
    shutil.rmtree(source)
    where = call(sys.executable, "-c", "import pipeline; print(pipeline.__file__)", cwd=tmp_path, path=site)
    assert Path(where.strip()).is_relative_to(site), "the source tree was tested instead"
    runs(tmp_path, sys.executable, site)


@slow
def test_the_distribution_brings_all_that_it_needs_into_an_empty_environment(tmp_path: Path, sdist: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    call(python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", sdist, cwd=tmp_path)
    call(python.with_name("depesche"), "explain", DEMO / "wire.jsonl", cwd=tmp_path)
    runs(tmp_path, python, None)


def runs(tmp_path: Path, python: str | Path, path: Path | None) -> None:
    command = (python, "-m", "pipeline", "ingest", "--input", DEMO, "--output", tmp_path / "out", "--run-id", "r")
    call(*command, *TWO_WORKERS, cwd=tmp_path, path=path)
    assert load(tmp_path / "out" / "r").lines() == ingest(tmp_path / "here", "r", "--input", DEMO).lines()
