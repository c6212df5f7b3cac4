"""The commands, and their exit statuses: 0 done, 1 the run failed, 2 usage or configuration."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.config import RunConfig, UsageError

if TYPE_CHECKING:
    from pipeline.options import Request

_ENDINGS = {
    "handed_over": "depesche {}: handed over; {} holds the results when the runner has written them",
    "dry": "depesche {}: the graph and the options are sound; nothing was written to {}",
}
_DESCRIPTION = "Turns feeds, pages and texts into clean, merged, normalised news records."


def main(arguments: list[str] | None = None) -> int:
    """Run a command; gives its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    parser = argparse.ArgumentParser(prog="depesche", description=_DESCRIPTION)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, summary) in _COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    command = parser.parse_args(given[:1]).command
    try:
        return _COMMANDS[command][0](given[1:])
    except UsageError as error:
        print(f"depesche {command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before a run has begun, or when it has ended
        print(f"depesche {command}: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read our output has seen enough: `depesche explain … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def ingest(arguments: list[str]) -> int:
    """One batch run."""
    # Beam takes half a second to import, which the other commands need not wait for.
    from pipeline import options, run, state

    if _asks_for_help(arguments):
        return _help("ingest", options.add_arguments)
    request = options.parse_request(arguments, is_stream=False)
    config = request.config
    if not config.is_overwrite and state.finish_own(config):
        print(f"depesche ingest: {config.directory} had been committed when its run died; nothing was left to do")
    elif not _run(request):
        return 1
    elif request.ending != "waited_for":
        print(_ENDINGS[request.ending].format("ingest", config.directory))
        return 0
    run.tidy(config)
    if config.state:
        try:
            state.tidy(config.state, config.keep_state)
        except (RuntimeError, OSError) as error:  # another run clears too; what is left goes next time
            print(f"depesche ingest: old generations were not cleared away: {error}", file=sys.stderr)
    _show_results("ingest", config.directory)
    return 0


def stream(arguments: list[str]) -> int:
    """A run that goes on until it is stopped."""
    from pipeline import options, windows

    if _asks_for_help(arguments):
        return _help("stream", options.add_arguments, options.add_stream_arguments)
    request = options.parse_request(arguments, is_stream=True)
    if not _stream(request):
        return 1
    if request.ending != "waited_for":
        print(_ENDINGS[request.ending].format("stream", request.config.directory))
        return 0
    if not windows.is_drained(request.config):
        print(f"depesche stream: the runner was told to stop; {request.config.directory} waits for --savepoint_path")
        return 0
    windows.conclude(request.config, request.beam_options)
    _show_results("stream", request.config.directory)
    return 0


def _asks_for_help(arguments: list[str]) -> bool:
    return bool({"-h", "--help"} & set(arguments))


def _help(command: str, *groups: Callable[[argparse.ArgumentParser], None]) -> int:
    parser = argparse.ArgumentParser(
        prog=f"depesche {command}",
        description=_COMMANDS[command][1],
        epilog="Options of Apache Beam (--runner=FlinkRunner …) are taken too.",
    )
    for add in groups:
        add(parser)
    parser.print_help()
    return 0


def _show_results(command: str, directory: str) -> None:
    from pipeline import report, summary

    try:
        report.write_report(directory)
        print(summary.of_run(directory, is_color=sys.stdout.isatty()))
    except UsageError as error:  # the run is committed all the same
        print(f"depesche {command}: {directory} is whole, but it has no report: {error}", file=sys.stderr)


def _run(request: Request) -> bool:
    """Build the recipe and run it to its end; whether the run was committed."""
    import apache_beam as beam

    from pipeline import flink, progress, recipe, run
    from pipeline.options import RunOptions
    from pipeline.running import RunError, run_to_end
    from pipeline.state import moved_on

    where = request.config.directory
    spool_dir = request.config.live.spool_dir if request.config.live else None
    is_quiet = request.beam_options.view_as(RunOptions).quiet
    pipeline = beam.Pipeline(options=request.beam_options)
    recipe.build(pipeline, request.config)
    with nullcontext() if request.ending == "dry" else run.claimed(request.config, run.clear):
        try:
            run_to_end(
                pipeline,
                shown=lambda stream: progress.shown(spool_dir, is_quiet, stream),
                is_waited_for=request.ending == "waited_for",
                cancel=lambda: flink.cancel(request.beam_options),
            )
        except KeyboardInterrupt:
            print(f"depesche ingest: interrupted; {where} holds no run.json", file=sys.stderr)
            return False
        except RunError as failure:
            told = run.write_failure(request.config, failure.details) if request.ending != "dry" else ""
            print(f"depesche ingest: the run failed: {failure}; {where} holds no run.json{told}", file=sys.stderr)
            return False
    if request.ending == "waited_for" and (moved := moved_on(request.config)):
        print(f"depesche ingest: {moved}", file=sys.stderr)
        return False
    return True


def _stream(request: Request) -> bool:
    """Build the recipe and run it until it is stopped; whether it came to its end."""
    import apache_beam as beam
    import pyarrow as pa

    from pipeline import flink, recipe, run, windows
    from pipeline.options import RunOptions
    from pipeline.runners import FlinkOptions
    from pipeline.running import RunError, run_to_end

    config = request.config
    is_quiet = request.beam_options.view_as(RunOptions).quiet
    pipeline = beam.Pipeline(options=request.beam_options)
    recipe.build(pipeline, config)
    is_in_pieces = config.stream is not None and config.stream.is_in_pieces
    # Arrow's own allocator keeps memory for each thread that it has seen, and every piece has new ones.
    pa.set_memory_pool(pa.system_memory_pool())
    what_stands = f"what {config.directory} lists in its window-*.json stands"
    take_up = partial(windows.take_up, is_resumed=bool(request.beam_options.view_as(FlinkOptions).savepoint_path))
    with nullcontext() if request.ending == "dry" else run.claimed(config, take_up):
        try:
            run_to_end(
                pipeline,
                shown=lambda terminal: windows.shown(config.directory, is_quiet, terminal),
                is_waited_for=request.ending == "waited_for",
                stop=lambda: windows.request_stop(config),
                is_drained=None if is_in_pieces else lambda: windows.is_drained(config),
                cancel=lambda: flink.cancel(request.beam_options),
                is_more=lambda: _is_more(config),
            )
        except KeyboardInterrupt:
            print(f"depesche stream: broken off; {what_stands}", file=sys.stderr)
            return False
        except RunError as failure:
            told = run.write_failure(config, failure.details) if request.ending != "dry" else ""
            print(f"depesche stream: the run failed: {failure}; {what_stands}{told}", file=sys.stderr)
            return False
    return True


def _is_more(config: RunConfig) -> bool:
    from pipeline.pieces import is_more

    if config.stream is None or not config.stream.is_in_pieces:
        return False
    return is_more(config.started_at.timestamp(), config.stream)


def report(arguments: list[str]) -> int:
    """The report page of a finished run, made again."""
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipeline import report as page
    from pipeline.options import refuse_unknown

    parser = argparse.ArgumentParser(prog="depesche report", description=_COMMANDS["report"][1])
    parser.add_argument("run_dir", metavar="RUN_DIR", help="the folder of a finished run: OUTPUT/RUN_ID")
    options, beam_arguments = parser.parse_known_args(arguments)
    beam_options = PipelineOptions(beam_arguments)
    refuse_unknown(beam_options, beam_arguments)
    FileSystems.set_options(beam_options)
    print(page.write_report(options.run_dir))
    return 0


def check(arguments: list[str]) -> int:
    """Every mistake of a sources file, each with its line; or what it says, where there is none."""
    from pipeline import sources

    parser = argparse.ArgumentParser(prog="depesche check", description=_COMMANDS["check"][1])
    parser.add_argument("file", metavar="FILE.yaml", help="a sources file")
    file = sources.load(Path(parser.parse_args(arguments).file))
    print(sources.summary_text(file))
    print(f"\n{len(file.sources)} sources, no mistakes; asked as {file.fetch.user_agent}")
    return 0


def explain(arguments: list[str]) -> int:
    """One document through the same functions, or two and whether they are copies."""
    from pipeline import comparison
    from pipeline import explain as explanation
    from pipeline.exchange import is_web

    parser = argparse.ArgumentParser(prog="depesche explain", description=_COMMANDS["explain"][1])
    parser.add_argument(
        "document", metavar="URL_OR_FILE", help="a text, page, feed, JSONL file or archive; or a page's address"
    )
    parser.add_argument(
        "other", metavar="OTHER", nargs="?", help="another one: are they copies? (FILE#N names the N-th)"
    )
    parser.add_argument("--number", type=int, default=1, metavar="N", help="which document of the file (default: 1)")
    parser.add_argument("--json", action="store_true", help="as JSON")
    fetch = parser.add_argument_group("fetching (of an address; robots.txt is obeyed)")
    fetch.add_argument(
        "--contact", metavar="ADDRESS", help="a page or mailto: address of yours, which the server is told"
    )
    fetch.add_argument("--allow-private", action="store_true", help="addresses inside of private networks too")
    options = parser.parse_args(arguments)
    is_color = sys.stdout.isatty()
    if (options.contact or options.allow_private) and (options.other or not is_web(options.document)):
        raise UsageError("--contact and --allow-private are for one address, which is fetched; a file needs neither")
    if options.other is not None:
        names = options.document, options.other
        both = comparison.compare_files(*names)
        print(comparison.as_json(both) if options.json else comparison.as_text(both, names, is_color))
        return 0
    found = explanation.explain(
        options.document, options.number, contact=options.contact, allow_private=options.allow_private
    )
    print(explanation.as_json(found) if options.json else explanation.as_text(found, is_color))
    return 0


_COMMANDS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "ingest": (ingest, "one batch run: documents to records"),
    "stream": (stream, "the same, going on until it is stopped: polls sources, watches inputs, writes by windows"),
    "report": (report, "a finished run's report.html, made again"),
    "check": (check, "a sources file: every mistake at once, with its line"),
    "explain": (explain, "one document: what was kept, removed and found, and why; two: are they copies"),
}
