"""The state directory as a run finds and leaves it."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path

from apache_beam.io.filesystems import FileSystems

from pipeline.config import RunConfig, UsageError
from transforms.generation import Generation, StateError, StatePlan, generation_path, load

_NAME = re.compile(r"generation-(\d{6,})\.json")
_FOLDER = re.compile(r"(\d{6,})-[^/\\]+")
MANIFEST = "run.json"


def plan_state(config: RunConfig) -> StatePlan | None:
    """What a run starts from and what it makes; None without ``--state``.

    A run that is started again over its own results (``--overwrite``) starts from the generation before its own: what
    it has read itself is no news from an earlier run.

    Raises:
        UsageError: the directory cannot be read, or was written by a release with another layout.
    """
    if config.state is None:
        return None
    try:
        numbers = _numbers(config.state)
        generations = [load(config.state, number) for number in numbers[-2:]]
        if generations:
            finish(generations[-1])
    except (StateError, OSError, ValueError) as error:
        raise UsageError(f"--state: {error}") from error
    latest = numbers[-1] if numbers else 0
    earlier = [generation for generation in generations if generation.run != config.directory]
    return StatePlan(
        root=config.state,
        base=earlier[-1] if earlier else None,
        number=latest + 1,
        run=config.directory,
        attempt=config.attempt,
        at=config.started_at,
        keep_after=config.started_at - timedelta(seconds=config.copies_window_s),
    )


def finish_own(config: RunConfig) -> bool:
    """Whether this very run died after its generation was made, and nothing is left to do but to publish it."""
    if config.state is None:
        return False
    try:
        generations = [load(config.state, number) for number in _numbers(config.state)[-1:]]
        return any(one.run == config.directory and finish(one) for one in generations)
    except (StateError, OSError, ValueError) as error:
        raise UsageError(f"--state: {error}") from error


def finish(generation: Generation) -> bool:
    """Publish the ``run.json`` of a run that died after its generation was made and before that; whether that was so.

    The generation is what commits a run: from then on its results stand.
    """
    path = FileSystems.join(generation.run, MANIFEST)
    part = f"{path}.part"
    if not FileSystems.exists(path) and FileSystems.exists(part):
        with FileSystems.open(part) as stream:
            is_own = json.loads(stream.read()).get("attempt") == generation.attempt
        if is_own:
            FileSystems.rename([part], [path])
            return True
    return False


def moved_on(config: RunConfig) -> str | None:
    """What to say where a run ended without committing, for another run had moved the state on."""
    if config.state is None or FileSystems.exists(FileSystems.join(config.directory, MANIFEST)):
        return None
    latest = load(config.state, _numbers(config.state)[-1])
    return (
        f"--state {config.state}: {latest.run} has committed generation {latest.number} while this run was on its way; "
        f"nothing was changed, and {config.directory} holds no run.json. Start the run again"
    )


def tidy(root: str, keep: int) -> None:
    """Drop all but the newest generations, and what dead runs left: files whose number has been taken by another."""
    numbers = _numbers(root)
    if not numbers:
        return
    kept = [load(root, number) for number in numbers[-keep:]]
    folders = {file.path.split("/")[0] for generation in kept for file in generation.files}
    dropped = [generation_path(root, number) for number in numbers[:-keep]]
    if dropped:
        FileSystems.delete(dropped)
    stale = []
    for file in FileSystems.match([FileSystems.join(root, "**")])[0].metadata_list:
        folder = file.path[len(root) :].lstrip("/\\").split("/")[0]
        match = _FOLDER.fullmatch(folder)
        if match and folder not in folders and int(match.group(1)) <= numbers[-1]:
            stale.append(file.path)
    if stale:
        FileSystems.delete(stale)
    # Only local disks have folders that stay when they are empty, which Beam does not list.
    for path in Path(root).glob("*-*"):
        if path.is_dir() and _FOLDER.fullmatch(path.name) and not any(path.iterdir()):
            shutil.rmtree(path, ignore_errors=True)


def _numbers(root: str) -> list[int]:
    """Of the generations that there are, in order."""
    found = FileSystems.match([FileSystems.join(root, "generation-*.json")])[0].metadata_list
    matches = (_NAME.fullmatch(file.path.replace("\\", "/").rsplit("/", 1)[-1]) for file in found)
    return sorted(int(match.group(1)) for match in matches if match)
