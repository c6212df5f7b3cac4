"""The options of a run: ours, then Beam's, and an error for what neither knows."""

from __future__ import annotations

import argparse
import difflib
import glob
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.config import MAX_BYTES, Live, RunConfig, UsageError, checked_run_id, parse_size
from pipeline.runners import SCHEME, Ending, ending_of, resolve_runner
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


class IngestOptions(PipelineOptions):
    """What `ingest` takes beside Beam's own options."""

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        add_arguments(parser)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `ingest`."""
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
    """A checked call of `ingest`: what to do, and Beam's options for doing it."""

    config: RunConfig
    beam_options: PipelineOptions
    ending: Ending


def parse_ingest(arguments: list[str]) -> Request:
    """The request that command-line arguments make; `UsageError` for the first thing wrong with them."""
    options = PipelineOptions(arguments)
    refuse_unknown(options, arguments)
    FileSystems.set_options(options)  # s3:// and hdfs:// read their settings there, before there is a pipeline
    own = options.view_as(IngestOptions)
    if not own.input and not own.sources:
        raise UsageError("nothing to read: give at least one --input PATTERN, or --sources FILE.yaml")
    if not own.output:
        raise UsageError("nowhere to write: give --output DIR")
    output = checked_output(own.output)
    inputs = tuple(dict.fromkeys(existing_pattern(pattern) for pattern in own.input or ()))
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
    config = RunConfig(
        inputs=inputs,
        directory=directory,
        run_id=run_id,
        started_at=started_at,
        max_bytes=parse_size(own.max_bytes, "--max-bytes") if own.max_bytes else MAX_BYTES,
        runner=resolve_runner(options),
        attempt=f"{started_at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}",
        state=state,
        keep_state=parse_count(own.keep_state, "--keep-state", least=1),
        copies_window_s=parse_interval(own.copies_window, "--copies-window"),
        is_overwrite=own.overwrite,
        live=_live(own, directory),
    )
    return Request(config, options, ending_of(options, config))


def _live(own: IngestOptions, directory: str) -> Live | None:
    """What is read from the network, as the sources file says and the options change it."""
    given = {name: getattr(own, name) for name in _FETCH_OPTIONS}
    if not own.sources:
        for name, value in given.items():
            if value is not None and name != "max_bytes":
                raise UsageError(f"--{name.replace('_', '-')} is for fetching: give --sources FILE.yaml too")
        return None
    file = override(load(Path(own.sources)), **given)
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
