"""Which of Beam's runners a run goes to, and what each of them needs."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Literal

from apache_beam.options.pipeline_options import (
    DirectOptions,
    FlinkRunnerOptions,
    GoogleCloudOptions,
    JobServerOptions,
    PipelineOptions,
    PrismRunnerOptions,
    StandardOptions,
    TestOptions,
)
from apache_beam.options.pipeline_options_validator import PipelineOptionsValidator
from apache_beam.runners.runner import create_runner

from pipeline.config import RunConfig, UsageError

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.I)
"""How a path begins that is on no local disk."""

Ending = Literal["waited_for", "handed_over", "dry"]
"""Whether the program stays until the run is done, leaves it to the runner, or goes no further than its graph."""

_FN_API_RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"
_FLINK, _DATAFLOW = "FlinkRunner", "DataflowRunner"
ON_FLINK = frozenset({_FLINK, "PortableRunner"})
_CHECKPOINTING_MS, _BUNDLE_MS, _BUFFERS = 10_000, 100, 16

ONLY_ENDS = "FnApiRunner"
"""The runner that comes to what lies behind a grouping only when its sources have ended: a window would never close."""

_JVM_STACK = "-Xss16m"
"""Of Flink's job server, which walks a graph by recursion: that of `--sources` is deeper than Java's default stack."""


class FlinkOptions(PipelineOptions):
    """Options of Flink's job server that Beam's Python does not know, and hands on."""

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        flink = parser.add_argument_group("Flink")
        flink.add_argument("--checkpointing_interval", type=int, metavar="MS", help="a stream's; default: 10000")
        flink.add_argument(
            "--finish_bundle_before_checkpointing", action="store_true", help="always so for a stream on Flink"
        )
        flink.add_argument("--max_bundle_time_mills", type=int, metavar="MS", help="a stream's; default: 100")
        flink.add_argument("--num_concurrent_checkpoints", type=int, metavar="N", help="a stream's; default: 16")
        flink.add_argument("--min_pause_between_checkpoints", type=int, metavar="MS", help="a stream's; default: 100")
        flink.add_argument("--savepoint_path", metavar="PATH", help="where a stream goes on that was stopped so")


def name_job(options: PipelineOptions, runner: str, attempt: str) -> None:
    """Give a job on Flink a name of its own, by which it is found there."""
    named = options.view_as(GoogleCloudOptions)
    if runner in ON_FLINK and not named.job_name:
        named.job_name = f"depesche-{attempt}"


def prepare_stream(options: PipelineOptions, runner: str) -> None:
    """Set what a stream needs of a runner.

    Without ``finish_bundle_before_checkpointing`` Beam's Flink runner holds back what a checkpoint interrupts: windows
    close without it, and it is dropped as late. And without an interval nothing is ever committed. What waits for
    a checkpoint lies in one of as many buffers as there may be checkpoints at once, plus one, by turns. With two the
    first checkpoint after a restart, or after one that failed, lets go also of what came behind it, which another fault
    would repeat; with more it does not. The pause keeps Flink from making several checkpoints at once.
    """
    options.view_as(StandardOptions).streaming = True
    if runner in ON_FLINK:
        flink = options.view_as(FlinkOptions)
        flink.checkpointing_interval = flink.checkpointing_interval or _CHECKPOINTING_MS
        flink.max_bundle_time_mills = flink.max_bundle_time_mills or _BUNDLE_MS
        flink.finish_bundle_before_checkpointing = True
        flink.num_concurrent_checkpoints = flink.num_concurrent_checkpoints or _BUFFERS
        flink.min_pause_between_checkpoints = flink.min_pause_between_checkpoints or _BUNDLE_MS


def resolve_runner(options: PipelineOptions) -> str:
    """Beam's DirectRunner picks a runner when it runs; the pick is made here, so that `run.json` can state it.

    What can be said of a runner before it starts is said here: an earlier run of the same name still stands then.
    """
    standard = options.view_as(StandardOptions)
    workers = options.view_as(DirectOptions).direct_num_workers
    if workers < 0:
        raise UsageError(f"--direct_num_workers {workers}: give 0 (one for each core) or more")
    if standard.runner is None or standard.runner.lower() == "directrunner":
        standard.runner = _FN_API_RUNNER
    try:
        runner = create_runner(standard.runner)
    except Exception as error:
        raise UsageError(f"--runner {standard.runner}: {error}") from error
    for option, path in (
        ("--prism_location", options.view_as(PrismRunnerOptions).prism_location),
        ("--flink_job_server_jar", options.view_as(FlinkRunnerOptions).flink_job_server_jar),
    ):
        if path and not SCHEME.match(path) and not Path(path).is_file():
            raise UsageError(f"{option} {path}: there is no such file")
    properties = options.view_as(JobServerOptions).job_server_jvm_properties
    if type(runner).__name__ == _FLINK and not any(one.startswith("-Xss") for one in properties):
        properties.append(_JVM_STACK)
    if options.view_as(TestOptions).dry_run and type(runner).__name__ != _DATAFLOW:
        raise UsageError("--dry_run is for the DataflowRunner")
    return type(runner).__name__


def refuse_workers(options: PipelineOptions) -> None:
    """A stream on `ONLY_ENDS` keeps what it knows in this one process."""
    direct = options.view_as(DirectOptions)
    if direct.direct_num_workers != 1 or direct.direct_running_mode not in (None, "in_memory"):
        raise UsageError(
            "a stream on the DirectRunner works in one process; leave --direct_num_workers and --direct_running_mode "
            "out, or give --runner=PrismRunner or FlinkRunner"
        )


def ending_of(options: PipelineOptions, config: RunConfig) -> Ending:
    """How the program parts from its run; `UsageError` where the runner could not make it."""
    is_dry = bool(options.view_as(TestOptions).dry_run)
    if config.runner == _DATAFLOW and not is_dry:
        _refuse_local_paths(config)
    _refuse_bad_options(options)  # Google's ask the network, and so come last
    if is_dry:
        return "dry"
    is_template = config.runner == _DATAFLOW and options.view_as(GoogleCloudOptions).template_location
    return "handed_over" if is_template else "waited_for"


def _refuse_local_paths(config: RunConfig) -> None:
    places = [("--output", config.directory), ("--state", config.state), *(("--input", one) for one in config.inputs)]
    for option, path in places:
        if path and not SCHEME.match(path):
            raise UsageError(f"{option} {path}: the workers of Dataflow do not see this disk; give gs://…")


def _refuse_bad_options(options: PipelineOptions) -> None:
    name = options.view_as(StandardOptions).runner
    try:
        mistakes = PipelineOptionsValidator(options, create_runner(name)).validate()
    except Exception as error:
        raise UsageError(f"--runner {name}: {error}") from error
    if mistakes:
        raise UsageError(f"--runner {name}: {' '.join(mistakes)}")
