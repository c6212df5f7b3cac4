"""What is deployed fits what is tested: releases, names of services, and options that the command takes."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from apache_beam.options.pipeline_options import PipelineOptions

from pipeline.options import RunOptions, refuse_unknown

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
CONTAINERFILE = (DEPLOY / "container" / "Containerfile").read_text("utf-8")
TARGETS = set(re.findall(r"^FROM .* AS (\S+)$", CONTAINERFILE, re.M))


def test_images_have_the_beam_that_the_tests_ran_with() -> None:
    assert f"ARG BEAM={metadata.version('apache-beam')}\n" in CONTAINERFILE


def test_what_is_copied_into_images_is_there() -> None:
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", CONTAINERFILE, re.M):
        for name in line.split():
            assert (DEPLOY.parent / name).exists(), f"Containerfile copies {name}"


def test_compose_starts_images_that_there_are() -> None:
    services = yaml.safe_load((DEPLOY / "flink" / "compose.yaml").read_text("utf-8"))["services"]
    built = {name: one["build"] for name, one in services.items() if "build" in one}
    assert {one["target"] for one in built.values()} <= TARGETS
    for one in built.values():
        assert (
            DEPLOY / "flink" / one["context"] / one["dockerfile"]
        ).resolve() == DEPLOY / "container" / "Containerfile"
    for name, one in services.items():
        assert set(one.get("depends_on", ())) <= set(services), name
    (command,) = [part for part in services["driver"]["entrypoint"] if part.startswith("exec depesche")]
    takes([word for word in command.split() if word.startswith("--")])


def test_kubernetes_starts_a_call_that_the_command_takes() -> None:
    found = list(yaml.safe_load_all((DEPLOY / "flink" / "kubernetes.yaml").read_text("utf-8")))
    by_kind = {one["kind"]: one for one in found}
    (driver,) = by_kind["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    takes(driver["args"][1:])
    endpoint = next(one for one in driver["args"] if one.startswith("--job_endpoint="))
    service = by_kind["Service"]
    assert endpoint == f"--job_endpoint={service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert by_kind["CronJob"]["spec"]["concurrencyPolicy"] == "Forbid", "runs on one state must not overlap"
    images = re.findall(r"REGISTRY/depesche-([a-z-]+):", (DEPLOY / "flink" / "kubernetes.yaml").read_text("utf-8"))
    assert set(images) <= TARGETS


def test_the_template_has_parameters_that_the_command_takes() -> None:
    parameters = json.loads((DEPLOY / "dataflow" / "metadata.json").read_text("utf-8"))["parameters"]
    values = {"copies_window": "14d", "run_id": "r"}
    given = [f"--{one['name']}={values.get(one['name'], 'gs://depesche-eu/x')}" for one in parameters]
    namespace: dict[str, Any] = {}
    exec((DEPLOY / "dataflow" / "main.py").read_text("utf-8"), namespace)  # noqa: S102  a program of ours, no module
    own = PipelineOptions(takes(namespace["arguments"](given))).view_as(RunOptions)
    assert (own.run_id, own.input, own.copies_window) == ("r", ["gs://depesche-eu/x"], "14d")
    for one in parameters:
        for pattern in one.get("regexes", ()):
            assert re.fullmatch(pattern, values.get(one["name"], "gs://depesche-eu/x")), one["name"]


def takes(arguments: list[str]) -> list[str]:
    refuse_unknown(PipelineOptions(arguments), arguments)
    return arguments
