"""Runs dbt: every model and every test of the data, into a file that nobody reads yet."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import PipelineError
from pipeline.settings import DBT_PROJECT, ROOT

Report = Callable[[str], None]

_DISK_FULL = os.strerror(errno.ENOSPC)
# What dbt puts around a message that was written for people.
_DBT_FRAME = re.compile(
    r"^(Encountered an error:|(Compilation|Runtime|Database|Parsing|Contract) Error|> |compiled code )"
)


@dataclass(frozen=True)
class Build:
    """A dbt build that has run: its warehouse, and dbt's own account of it."""

    warehouse: Path
    artifacts: Path

    def manifest(self) -> dict[str, Any]:
        return _read_json(self.artifacts / "manifest.json")

    def run_results(self) -> dict[str, Any]:
        return _read_json(self.artifacts / "run_results.json")

    def vars(self) -> dict[str, Any]:
        """The dbt vars it ran with."""
        return project_vars(self.run_results()["args"].get("vars"))

    def tests_passed(self) -> int:
        return sum(
            result["status"] == "pass" and result["unique_id"].startswith("test.")
            for result in self.run_results()["results"]
        )

    def assert_complete(self) -> None:
        """Raise PipelineError unless this was a whole `dbt build` in which everything passed."""
        if not (self.artifacts / "run_results.json").exists() or not self.warehouse.exists():
            raise PipelineError("there is no dbt build to publish; run `dbt build` in analytics_dbt first")
        results = self.run_results()
        arguments = results["args"]
        parts = ("select", "exclude", "selector", "resource_types", "exclude_resource_types", "empty")
        whole: tuple[Any, ...] = (None, False, [], ["unit_test"])  # a refresh leaves out the unit tests too
        chosen = [name.replace("_", "-") for name in parts if arguments.get(name) not in whole]
        if arguments["which"] != "build" or chosen:
            raise PipelineError(
                f"the last dbt command was not a whole build (dbt {arguments['which']}"
                f"{' --' + chosen[0] if chosen else ''}); run `dbt build` first"
            )
        for result in results["results"]:
            if result["status"] in ("error", "fail", "skipped", "runtime error"):
                raise PipelineError(f"the last dbt build did not pass ({_name(result)}); mend it and build again")


def project_vars(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The project's dbt vars with their defaults, as overridden."""
    defaults = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"]
    return {**defaults, **(overrides or {})}


def artifacts_folder(default: Path) -> Path:
    """Where dbt writes its artifacts: `DBT_TARGET_PATH`, which counts from the dbt project, or the default."""
    return DBT_PROJECT / os.environ.get("DBT_TARGET_PATH", str(default))


@contextmanager
def dbt_at_hand() -> Iterator[subprocess.Popen[str]]:
    """A process that loads dbt while the refresh looks at its inputs, and then waits for what to run.

    It is gone at the end, whether it was needed or not.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.dbt_process"],
        cwd=DBT_PROJECT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def run_dbt(
    dbt: subprocess.Popen[str],
    warehouse: Path,
    workshop: Path,
    overrides: Mapping[str, Any],
    is_update: bool,
    checked_inputs: Path,
    report: Report,
) -> Build:
    """Run `dbt build` into `warehouse`, reporting each model as it is done; an update starts from what is there.

    Raises PipelineError with the first thing that went wrong, a model or a test.
    """
    build = Build(warehouse, artifacts_folder(workshop / "target"))
    (build.artifacts / "run_results.json").unlink(missing_ok=True)
    environment = {
        "WAREHOUSE_BUILD_PATH": str(warehouse),
        "CHECKED_INPUTS": str(checked_inputs),
        "REFRESH_MODE": "update" if is_update else "full",
        "DBT_TARGET_PATH": str(build.artifacts),
        "DBT_LOG_PATH": os.environ.get("DBT_LOG_PATH", str(workshop / "logs")),
        # A tenth of a small refresh went into writing down every step of dbt.
        "DBT_LOG_LEVEL_FILE": os.environ.get("DBT_LOG_LEVEL_FILE", "info"),
    }
    arguments = ["--log-level", "none", "build"]
    arguments += ["--profiles-dir", ".", "--vars", json.dumps(dict(overrides), default=str)]
    # Unit tests try the models' code on made-up rows: `make test` and a plain `dbt build` run them, and no data can
    # change their outcome.
    arguments += ["--exclude-resource-type", "unit_test"]
    assert dbt.stdin is not None and dbt.stdout is not None
    with suppress(BrokenPipeError):  # dbt could not be loaded: what it said of that comes below
        print(json.dumps({"arguments": arguments, "environment": environment}), file=dbt.stdin, flush=True)
    problems = list(_follow(dbt.stdout, report))
    if dbt.wait() != 0:
        if any(_DISK_FULL in problem for problem in problems):
            raise PipelineError(f"{workshop}: {_DISK_FULL}; free some and refresh again")
        raise PipelineError(_first_problem(build, problems))
    return build


def _follow(lines: Iterator[str], report: Report) -> Iterator[str]:
    """Report dbt's progress; yield what it says of errors."""
    for line in lines:
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        match said:
            case {"model": model, "number": number, "of": total, "seconds": seconds}:
                report(f"  {number:>3}/{total}  {model:<32} {seconds:>6.1f} s")
            case {"problem": problem}:
                yield problem
            case _:
                yield line.strip()


def _first_problem(build: Build, messages: list[str]) -> str:
    """The one line that says why dbt failed: a failed test's description, or an error's own words."""
    if (build.artifacts / "run_results.json").exists():
        nodes = build.manifest()["nodes"]
        for result in build.run_results()["results"]:
            if result["status"] == "fail":
                description = nodes.get(result["unique_id"], {}).get("description") or f"test {_name(result)} failed"
                return " ".join(f"{description} ({result['message'].lower()})".split())
            if result["status"] in ("error", "runtime error"):
                return f"{_name(result)}: {_readable(result['message'])}"
    return next(filter(None, map(_readable, messages)), "dbt ended without a word; see its log")


def _readable(message: str) -> str:
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", message).splitlines()]
    return next((line for line in lines if line and not _DBT_FRAME.match(line)), "")


def _name(result: Mapping[str, Any]) -> str:
    return str(result["unique_id"]).split(".")[2]


def _read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())  # type: ignore[no-any-return]
