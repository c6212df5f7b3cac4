"""What Flink is told past Beam: its job server does not cancel a job that runs on a cluster."""

from __future__ import annotations

import json
import urllib.request
from contextlib import suppress
from typing import Any

from apache_beam.options.pipeline_options import FlinkRunnerOptions, GoogleCloudOptions, PipelineOptions

_NOWHERE = ("[auto]", "[local]", "[collection]")
_TIMEOUT_S = 10.0


def cancel(options: PipelineOptions) -> None:
    """Cancel a job by its name, where ``--flink_master`` says where Flink is; does nothing elsewhere, or in vain."""
    master = options.view_as(FlinkRunnerOptions).flink_master
    name = options.view_as(GoogleCloudOptions).job_name
    if not master or not name or master in _NOWHERE:
        return
    root = master if "://" in master else f"http://{master}"
    with suppress(OSError, ValueError, KeyError):
        for job in _ask(f"{root}/jobs/overview")["jobs"]:
            if job["name"] == name and job["end-time"] < 0:
                _ask(f"{root}/jobs/{job['jid']}?mode=cancel", "PATCH")


def _ask(url: str, method: str = "GET") -> Any:
    request = urllib.request.Request(url, method=method)  # noqa: S310  what the user gave
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
        return json.loads(answer.read() or b"{}")
