"""The real command, as a user calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

from transforms.write import schemas

ROOT = Path(__file__).parent.parent.parent
_VALIDATORS = {kind: Draft202012Validator(schemas.schema(kind)) for kind in schemas.KINDS}


class Run(NamedTuple):
    """What a finished run wrote; every line of it is valid and the counts close."""

    articles: list[dict[str, Any]]
    copies: list[dict[str, Any]]
    rejects: list[dict[str, Any]]
    manifest: dict[str, Any]

    def lines(self) -> list[str]:
        """All lines in one order, to compare runs by."""
        return sorted(json.dumps(row, sort_keys=True) for rows in self[:3] for row in rows)


def depesche(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Call the program; its exit status, output and messages."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def environment() -> dict[str, str]:
    """The environment of a call: the project on the path, and no terminal."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def ingest(output: Path, run_id: str, *arguments: str | Path) -> Run:
    """A run that has to succeed."""
    done = depesche("ingest", "--output", output, "--run-id", run_id, *arguments)
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stderr[-2000:]}"
    return load(output / run_id)


def load(directory: Path) -> Run:
    """Read a finished run, and check what holds for every one."""
    manifest = json.loads((directory / "run.json").read_text("utf-8"))
    _VALIDATORS["run"].validate(manifest)
    rows: dict[str, list[dict[str, Any]]] = {}
    for name, kind in (("articles", "article"), ("copies", "copy"), ("rejects", "reject")):
        files = sorted(directory.glob(f"{name}-*.jsonl"))
        assert [file.name for file in files] == manifest["files"][name]
        rows[name] = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
        for row in rows[name]:
            _VALIDATORS[kind].validate(row)
        assert len(rows[name]) == manifest["counts"][name]
    counts = manifest["counts"]
    assert counts["read"] == counts["articles"] + counts["copies"] + counts["rejects"] + counts["unchanged"]
    assert not list(directory.glob("beam-temp*")) and not list(directory.glob("*.part")), "something was left behind"
    return Run(rows["articles"], rows["copies"], rows["rejects"], manifest)
