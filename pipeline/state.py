"""The state directory as a run finds and leaves it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from apache_beam.io.filesystems import FileSystems

from pipeline.config import RunConfig, UsageError
from transforms.generation import Generation, StateError, StatePlan, generation_path, load, numbers
from transforms.write.manifest import NAME as MANIFEST
from transforms.write.publishing import publish
from transforms.write.windows import PREFIX as WINDOW

_KNOWN_LATER = "this run cannot be made again on this state, which knows what it has read"
_ADVICE = "give another --run-id, or another --state"
_PART = re.compile(r"generation-(\d{6,})\.json\.[0-9a-f]+\.part")
_FOLDER = re.compile(r"(\d{6,})-[^/\\]+")


def plan_state(config: RunConfig) -> StatePlan | None:
    """What a run starts from and what it makes; None without ``--state``.

    A run that is started again, over its own results or after they are gone, starts from where it started before: what
    it has read itself is no news from an earlier run. Its generation is taken back (`take_back`).

    Raises:
        UsageError: the directory cannot be used, was written by a release with another layout, or knows what a run has
            read that is to be made again, from runs after it.
    """
    if config.state is None:
        return None
    try:
        _make_directory(config.state)
        generations = [load(config.state, number) for number in numbers(config.state)]
        if generations:
            finish(generations[-1])
        own = _replaced(config, generations)
    except (StateError, OSError, ValueError) as error:
        raise UsageError(f"--state: {error}") from error
    latest = generations[-1] if generations else None
    base = own.base if own else latest.number if latest else None
    return StatePlan(
        root=config.state,
        base=next((one for one in generations if one.number == base), None),
        number=own.number if own else latest.number + 1 if latest else 1,
        run=config.directory,
        attempt=config.attempt,
        at=config.started_at,
        keep_after=config.started_at - timedelta(seconds=config.copies_window_s),
    )


def _make_directory(root: str) -> None:
    if not FileSystems.exists(root):
        FileSystems.mkdirs(root)
    if Path(root).is_file():
        raise StateError(f"{root} is a file; give a directory")


def plan_stream(config: RunConfig) -> StatePlan | None:
    """What a stream starts from: what stands. None without ``--state``.

    Raises:
        UsageError: the directory cannot be used.
    """
    if config.state is None:
        return None
    try:
        _make_directory(config.state)
        latest = [load(config.state, number) for number in numbers(config.state)[-1:]]
        for generation in latest:
            finish(generation)
    except (StateError, OSError, ValueError) as error:
        raise UsageError(f"--state: {error}") from error
    base = latest[0] if latest else None
    first = StatePlan(config.state, base, 0, config.directory, config.attempt, config.started_at, config.started_at)
    return _following(first, base, config.started_at, config.copies_window_s)


def plan_window(at: datetime, plan: StatePlan, base: int, copies_window_s: float) -> StatePlan:
    """The plan of the generation that a window of a stream makes.

    Args:
        at: the end of the window, which dates what is added.
        plan: what the stream started from.
        base: the number of its generation, 0 for none.

    Raises:
        StateError: another run has moved the state on since.
    """
    latest = [load(plan.root, number) for number in numbers(plan.root)[-1:]]
    for generation in latest:
        if generation.number != base and generation.run != plan.run:
            raise StateError(
                f"--state {plan.root}: {generation.run} has committed generation {generation.number} while this stream "
                "was on its way. Start it again; what it has written stands"
            )
    return _following(plan, latest[0] if latest else None, at, copies_window_s)


def _following(plan: StatePlan, base: Generation | None, at: datetime, copies_window_s: float) -> StatePlan:
    number = base.number + 1 if base else 1
    return replace(plan, base=base, number=number, at=at, keep_after=at - timedelta(seconds=copies_window_s))


def _replaced(config: RunConfig, generations: list[Generation]) -> Generation | None:
    """The generation that this run made when it ran before, and that it is to make anew."""
    manifest = FileSystems.join(config.directory, MANIFEST)
    made = None
    if FileSystems.exists(manifest):
        if not config.is_overwrite:
            return None  # refused elsewhere
        with FileSystems.open(manifest) as stream:
            state = json.loads(stream.read()).get("state") or {}
        made = state.get("generation") if state.get("directory") == config.state else None
    own = [one for one in generations if one.run == config.directory]
    if not own:
        if made is not None and generations and made <= generations[-1].number:
            raise StateError(f"{_KNOWN_LATER}: generation {made}, which it made, has been dropped; {_ADVICE}")
        return None
    after = [one for one in generations if one.number > own[0].number and one.run != config.directory]
    if after:
        raise StateError(f"{_KNOWN_LATER}: {after[0].run} started from it; {_ADVICE}")
    if own[0].base is not None and all(one.number != own[0].base for one in generations):
        raise StateError(f"{_KNOWN_LATER}: generation {own[0].base}, from which it started, is dropped; {_ADVICE}")
    return own[0]


def take_back(config: RunConfig) -> None:
    """Remove the generations that this run made when it ran before, now that its results are removed too."""
    if config.state is None:
        return
    own = [number for number in numbers(config.state) if load(config.state, number).run == config.directory]
    if own:
        FileSystems.delete([generation_path(config.state, number) for number in own])


def publish_windows(directory: str, is_committed: Callable[[dict[str, Any]], bool]) -> None:
    """Publish those windows of a stream that died after they were committed, and before that.

    Args:
        is_committed: says so of a window's manifest.
    """
    for file in FileSystems.match([FileSystems.join(directory, f"{WINDOW}*.json.*.part")])[0].metadata_list:
        with FileSystems.open(file.path) as stream:
            content = stream.read()
        with suppress(ValueError, KeyError, TypeError):  # torn: it was not committed
            if is_committed(json.loads(json.loads(content)["manifest"])):
                publish(directory, file.path)


def finish_own(config: RunConfig) -> bool:
    """Whether this very run died after its generation was made, and nothing is left to do but to publish it."""
    if config.state is None:
        return False
    try:
        generations = [load(config.state, number) for number in numbers(config.state)[-1:]]
        return any(one.run == config.directory and finish(one) for one in generations)
    except (StateError, OSError, ValueError) as error:
        raise UsageError(f"--state: {error}") from error


def finish(generation: Generation) -> bool:
    """Publish the ``run.json`` of a run that died after its generation was made and before that; whether that was so.

    The generation is what commits a run: from then on its results stand. Of a stream it is what commits a window.
    """
    publish_windows(generation.run, lambda row: row["generation"] == generation.number)
    path = FileSystems.join(generation.run, MANIFEST)
    part = f"{path}.part"
    if not FileSystems.exists(path) and FileSystems.exists(part):
        with FileSystems.open(part) as stream:
            content = stream.read()
        try:
            is_own = json.loads(content).get("attempt") == generation.attempt
        except (ValueError, AttributeError):  # torn: of a later run, which died while it wrote
            is_own = False
        if is_own:
            FileSystems.rename([part], [path])
            return True
    return False


def moved_on(config: RunConfig) -> str | None:
    """What to say where a run ended without committing, for another run had moved the state on."""
    if config.state is None or FileSystems.exists(FileSystems.join(config.directory, MANIFEST)):
        return None
    latest = load(config.state, numbers(config.state)[-1])
    return (
        f"--state {config.state}: {latest.run} has committed generation {latest.number} while this run was on its way; "
        f"this one has committed nothing, and {config.directory} holds no run.json. Start the run again"
    )


def tidy(root: str, keep: int, base: int | None = None) -> None:
    """Drop all but the newest generations, and what dead runs left: files whose number has been taken by another.

    Args:
        keep: how many stay.
        base: one that stays too: a stream looks things up in the generation that it started from.
    """
    found = numbers(root)
    if not found:
        return
    kept = [load(root, number) for number in found if number in found[-keep:] or number == base]
    folders = {file.path.split("/")[0] for generation in kept for file in generation.files}
    dropped = [generation_path(root, number) for number in found[:-keep] if number != base]
    if dropped:
        FileSystems.delete(dropped)
    stale = []
    for file in FileSystems.match([FileSystems.join(root, "**")])[0].metadata_list:
        folder = file.path[len(root) :].lstrip("/\\").split("/")[0]
        match = _FOLDER.fullmatch(folder) or _PART.fullmatch(folder)
        if match and folder not in folders and int(match.group(1)) <= found[-1]:
            stale.append(file.path)
    if stale:
        FileSystems.delete(stale)
    # Only local disks have folders that stay when they are empty, which Beam does not list.
    for path in Path(root).glob("*-*"):
        match = _FOLDER.fullmatch(path.name)
        if match and int(match.group(1)) <= found[-1]:
            with suppress(OSError):  # not empty, or no folder
                path.rmdir()
