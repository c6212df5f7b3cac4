"""The options of a run: ours, then Beam's, and an error for what neither knows."""

from __future__ import annotations

import argparse
import difflib
import glob
import os
import re
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.config import MAX_BYTES, Live, RunConfig, Stream, UsageError, checked_run_id, parse_size
from pipeline.runners import (
    ONLY_ENDS,
    SCHEME,
    Ending,
    ending_of,
    name_job,
    prepare_stream,
    refuse_workers,
    resolve_runner,
)
from pipeline.sources import load, override
from pipeline.values import parse_count, parse_interval

_FETCH_OPTIONS = (
    "user_agent",
    "per_host_delay",
    "timeout",
    "max_bytes",
    "max_redirects",
    "retries",
    "respect_robots",
    "allow_private",
)
SPOOL = "spool"
"""The folder of a run where responses lie until it is whole."""


class RunOptions(PipelineOptions):
    """What `ingest` and `stream` take beside Beam's own options."""

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        add_arguments(parser)
        add_stream_arguments(parser)


def add_stream_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that only `stream` has."""
    stream = parser.add_argument_group("the stream")
    stream.add_argument(
        "--every",
        metavar="DURATION",
        help="between two polls of a source, in place of what the file says, and two looks at --input (default: 5m)",
    )
    stream.add_argument("--window", metavar="DURATION", help="results are written by windows so long (default: 10m)")
    stream.add_argument("--stop-after", metavar="DURATION", help="stop by itself (default: never)")
    stream.add_argument("--shards", metavar="N", help="files of one kind in a window, at most (default: 1)")
    stream.add_argument(
        "--copies-by",
        choices=("all", "language"),
        help="who looks for copies: one worker for all documents, or one for each language (default: all)",
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ingest`, which `stream` has too."""
    parser.add_argument(
        "--input",
        action="extend",
        nargs="+",
        metavar="PATTERN",
        help="files, folders or globs to read; may be given again",
    )
    parser.add_argument("--sources", metavar="FILE.yaml", help="feeds, sitemaps and pages to fetch and read")
    parser.add_argument("--output", metavar="DIR", help="where the folder of the run is made")
    parser.add_argument("--run-id", metavar="ID", help="name of that folder (default: the UTC start time)")
    parser.add_argument("--quiet", action="store_true", help="no progress on the standard error output")
    parser.add_argument("--overwrite", action="store_true", help="replace a finished run of the same name")
    parser.add_argument(
        "--max-bytes",
        metavar="SIZE",
        help="longest document taken, after decompression (default: 10MB, or what the sources file says)",
    )
    fetch = parser.add_argument_group("fetching (in place of what the sources file says)")
    fetch.add_argument("--user-agent", metavar="TEXT", help="what servers are told (default: Depesche and the contact)")
    fetch.add_argument("--per-host-delay", metavar="DURATION", help="between the starts of two requests to one host")
    fetch.add_argument("--timeout", metavar="DURATION", help="of a whole request, body included")
    fetch.add_argument("--max-redirects", metavar="N", help="for one address")
    fetch.add_argument("--retries", metavar="N", help="after faults of the connection, 429 and 5xx")
    fetch.add_argument("--respect-robots", metavar="true|false", help="RFC 9309")
    fetch.add_argument("--allow-private", metavar="true|false", help="addresses inside of private networks")
    parser.add_argument("--state", metavar="DIR", help="what earlier runs knew; without it a run stands alone")
    parser.add_argument(
        "--keep-state", metavar="N", default="5", help="generations that stay in the state directory (default: 5)"
    )
    parser.add_argument(
        "--copies-window",
        metavar="DURATION",
        default="14d",
        help="how long copies of an article are looked for in later runs (default: 14d)",
    )


@dataclass(frozen=True, slots=True)
class Request:
    """A checked call of `ingest` or `stream`: what to do, and Beam's options for doing it."""

    config: RunConfig
    beam_options: PipelineOptions
    ending: Ending


_STREAM_OPTIONS = ("every", "window", "stop_after", "shards", "copies_by")
STOP, DRAINED = "stop", "drained"
"""Files of a run: one stops a stream, the other says that all windows have closed."""


def parse_request(arguments: list[str], is_stream: bool) -> Request:
    """The request that command-line arguments make; `UsageError` for the first thing wrong with them."""
    options = PipelineOptions(arguments)
    refuse_unknown(options, arguments)
    FileSystems.set_options(options)  # s3:// and hdfs:// read their settings there, before there is a pipeline
    own = options.view_as(RunOptions)
    for name in () if is_stream else _STREAM_OPTIONS:
        if getattr(own, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')} is for a stream: depesche stream …")
    if is_stream and own.overwrite:
        raise UsageError("--overwrite is for ingest; a stream that has ended goes on under another --run-id")
    if not own.input and not own.sources:
        raise UsageError("nothing to read: give at least one --input PATTERN, or --sources FILE.yaml")
    if not own.output:
        raise UsageError("nowhere to write: give --output DIR")
    output = checked_output(own.output)
    inputs = tuple(dict.fromkeys((watched if is_stream else existing_pattern)(pattern) for pattern in own.input or ()))
    state = checked_output(own.state, "--state") if own.state else None
    for pattern in inputs:
        for option, given, path in (("--output", own.output, output), ("--state", own.state, state)):
            if path and pattern.endswith("/**") and f"{path}/".startswith(pattern.removesuffix("**")):
                raise UsageError(
                    f"{option} {given} lies inside of --input {pattern}: the next run would read it as news"
                )
    started_at = datetime.now(UTC).replace(microsecond=0)
    run_id = checked_run_id(own.run_id or started_at.strftime("%Y%m%dT%H%M%SZ"))
    directory = FileSystems.join(output, run_id)
    runner = resolve_runner(options)
    config = RunConfig(
        inputs=inputs,
        directory=directory,
        run_id=run_id,
        started_at=started_at,
        max_bytes=parse_size(own.max_bytes, "--max-bytes") if own.max_bytes else MAX_BYTES,
        runner=runner,
        attempt=f"{started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
        state=state,
        keep_state=parse_count(own.keep_state, "--keep-state", least=1),
        copies_window_s=parse_interval(own.copies_window, "--copies-window"),
        is_overwrite=own.overwrite,
        live=_live(own, directory, is_stream),
        stream=_stream(own, options, directory, runner) if is_stream else None,
    )
    name_job(options, runner, config.attempt)
    return Request(config, options, ending_of(options, config))


def _stream(own: RunOptions, options: PipelineOptions, directory: str, runner: str) -> Stream:
    is_in_pieces = runner == ONLY_ENDS
    if is_in_pieces:
        refuse_workers(options)
    else:
        prepare_stream(options, runner)
    return Stream(
        every_s=parse_interval(own.every or "5m", "--every"),
        window_s=parse_interval(own.window or "10m", "--window"),
        shards=parse_count(own.shards or "1", "--shards", least=1),
        stop_path=FileSystems.join(directory, STOP),
        drained_path=FileSystems.join(directory, DRAINED),
        stop_after_s=parse_interval(own.stop_after, "--stop-after") if own.stop_after else None,
        is_by_language=(own.copies_by or "all") == "language",
        is_in_pieces=is_in_pieces,
    )


def _live(own: RunOptions, directory: str, is_stream: bool) -> Live | None:
    """What is read from the network, as the sources file says and the options change it."""
    given = {name: getattr(own, name) for name in _FETCH_OPTIONS}
    if not own.sources:
        for name, value in given.items():
            if value is not None and name != "max_bytes":
                raise UsageError(f"--{name.replace('_', '-')} is for fetching: give --sources FILE.yaml too")
        return None
    file = override(load(Path(own.sources)), **given)
    if is_stream:  # which keeps nothing until it is whole: it never is
        every_s = parse_interval(own.every, "--every") if own.every else None
        sources = tuple(replace(source, every_s=every_s or source.every_s) for source in file.sources)
        return Live(sources, file.fetch)
    spool_dir = None if SCHEME.match(directory) else os.path.join(directory, SPOOL)  # noqa: PTH118  a text, as it travels
    return Live(file.sources, file.fetch, spool_dir)


def absolute(path: str) -> str:
    """A local path as workers in any directory find it; other file systems' paths as they are."""
    return path if SCHEME.match(path) else os.path.normpath(Path(path).absolute())


def checked_output(path: str, option: str = "--output") -> str:
    """A directory to write to, absolute; `UsageError` for one that Beam could not write to."""
    if re.search(r"[*?\[\]]", path):
        raise UsageError(f"{option} {path!r}: Beam takes *, ?, [ and ] for patterns; choose a name without them")
    found = absolute(path)
    try:
        FileSystems.exists(found)
    except Exception as error:
        raise UsageError(f"{option} {path}: {error}") from error
    return found


def watched(pattern: str) -> str:
    """The pattern as Beam takes it; nothing need match it yet, but its folder has to be there."""
    if SCHEME.match(pattern):
        return pattern
    local = Path(pattern)
    if local.is_dir():
        return glob.escape(absolute(pattern)) + "/**"
    if local.exists():
        return glob.escape(absolute(pattern))
    folder = next(parent for parent in local.parents if not re.search(r"[*?\[]", str(parent)))
    if not folder.is_dir() or (str(local) == glob.escape(str(local)) and not local.suffix):
        raise UsageError(f"--input {pattern}: there is no folder to watch")
    return absolute(pattern)


def existing_pattern(pattern: str) -> str:
    """The pattern as Beam takes it: absolute, a folder as all files below it; `UsageError` where nothing matches."""
    if not SCHEME.match(pattern):
        local = Path(pattern)
        # Beam has no quoting: a name that holds a glob character is matched as a pattern of itself.
        pattern = glob.escape(absolute(pattern)) if local.exists() else absolute(pattern)
        if local.is_dir():
            pattern += "/**"
            if not any(_is_shown(file.relative_to(local)) for file in local.rglob("*") if not file.is_dir()):
                raise UsageError(
                    f"--input {local}: the folder holds no file (names that begin with a dot do not count)"
                )
    try:
        for candidate in (pattern, pattern.rstrip("/") + "/**"):
            if FileSystems.match([candidate], limits=[1])[0].metadata_list:
                return candidate
    except Exception as error:
        raise UsageError(f"--input {pattern}: cannot be listed: {error}") from error
    raise UsageError(f"--input {pattern}: matches no file")


def _is_shown(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts)


def refuse_unknown(options: PipelineOptions, arguments: list[str]) -> None:
    """Beam drops options that it does not know with a log line at most; here they are errors."""
    parsers: list[argparse.ArgumentParser] = []

    def keep(parser: argparse.ArgumentParser) -> None:
        parser.error = _raise_usage  # type: ignore[method-assign]
        parsers.append(parser)

    options.get_all_options(add_extra_args_fn=keep)
    _, unknown = parsers[0].parse_known_args(arguments)
    if unknown:
        known = [name for action in parsers[0]._actions for name in action.option_strings]
        close = difflib.get_close_matches(unknown[0].split("=", 1)[0], known, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        what = "unknown option" if unknown[0].startswith("-") else "unexpected argument"
        raise UsageError(f"{what} {unknown[0]}{hint}")


def _raise_usage(message: str) -> NoReturn:
    raise UsageError(message)
