"""A refresh from start to end: lock, check the inputs, build and test aside, audit, publish."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipeline.build import Build, Report, artifacts_folder, dbt_at_hand, project_vars, run_dbt
from pipeline.errors import PipelineError
from pipeline.inputs import InputError, Inputs, check_inputs, quote
from pipeline.lock import sole_writer
from pipeline.publish import Refresh, publish
from pipeline.published import Published, code_fingerprint
from pipeline.rejected_rows import rejected_rows
from pipeline.settings import DBT_PROJECT, Workshop, data_dir


def refresh(
    workshop: Workshop, overrides: Mapping[str, Any], full_refresh: bool, accept: bool, report: Report
) -> Refresh:
    """Build a new warehouse from the inputs and publish it: from what is published and what the inputs changed since,
    or from nothing with `full_refresh`, and when vars, code or the columns of the files are other ones.

    Raises PipelineError (BusyError, HeldError) with one readable line; the published warehouse is then as it was.
    """
    with _workbench(workshop), dbt_at_hand() as dbt:
        started_at = datetime.now(UTC).replace(tzinfo=None)
        report(f"checking the files of {data_dir()}")
        code = code_fingerprint()
        inputs, why_full = _inputs(workshop, overrides, full_refresh)
        checked_inputs = workshop.build / "inputs.json"
        inputs.save(checked_inputs)
        if why_full:
            lines = sum(file.rows_read for file in inputs.files)
            report(f"building from {len(inputs.files)} files, {lines:,} lines ({why_full})")
        else:
            events = inputs.of("event_stream")
            loaded = [file for file in events if file.is_loaded]
            lines = sum(file.rows_read for file in loaded)
            shutil.copyfile(workshop.warehouse, workshop.new_warehouse)
            report(f"updating from {len(loaded)} of {len(events)} event files, {lines:,} lines")
        new = workshop.new_warehouse
        try:
            build = run_dbt(dbt, new, workshop.folder, overrides, not why_full, checked_inputs, report)
        except PipelineError as error:
            inputs.assert_unchanged()  # a file that changed under way explains more than what it broke
            raise _with_rejected_rows(error, new, inputs, workshop) from None
        report("comparing with what is published")
        return publish(build, inputs, workshop, started_at, accept, code)


def publish_engineers_build(workshop: Workshop, accept: bool) -> Refresh:
    """Audit and publish what a plain `dbt build` in analytics_dbt has built; the engineer keeps their own copy."""
    with _workbench(workshop):
        artifacts = artifacts_folder(DBT_PROJECT / "target")
        built = os.environ.get("WAREHOUSE_BUILD_PATH", "target/warehouse.duckdb")  # as in profiles.yml
        engineers = Build(DBT_PROJECT / built, artifacts)
        engineers.assert_complete()
        started_at = datetime.fromisoformat(engineers.run_results()["metadata"]["invocation_started_at"])
        build = Build(workshop.new_warehouse, artifacts)
        shutil.copyfile(engineers.warehouse, build.warehouse)
        inputs = _checked(engineers.run_results()["args"].get("vars", {}))
        _assert_built_from(build, inputs)
        return publish(build, inputs, workshop, started_at.replace(tzinfo=None), accept, code=None)


@contextmanager
def _workbench(workshop: Workshop) -> Iterator[None]:
    """The sole right to build and an empty build folder, which is gone afterwards; what goes wrong in one line."""
    with sole_writer(workshop):
        shutil.rmtree(workshop.build, ignore_errors=True)
        try:
            workshop.build.mkdir(parents=True)
            yield
        except InputError as error:
            raise PipelineError(str(error)) from None
        except OSError as error:
            raise PipelineError(f"{error.filename or workshop.folder}: {error.strerror}") from error
        finally:
            shutil.rmtree(workshop.build, ignore_errors=True)


def _inputs(workshop: Workshop, overrides: Mapping[str, Any], full_refresh: bool) -> tuple[Inputs, str | None]:
    """The checked inputs, and why everything has to be built from them; None when the published warehouse will do."""
    published = Published.read(workshop.warehouse)
    if full_refresh:
        why_full: str | None = "as asked for"
    elif published is None:
        exists = workshop.warehouse.exists()
        why_full = "what is published does not say what it is from" if exists else "nothing is published yet"
    else:
        why_full = published.why_not(overrides)
        if not why_full:
            inputs = _checked(overrides, published)
            why_full = published.why_not_from(inputs)
            if not why_full:
                return inputs, None
    return _checked(overrides), why_full


def _checked(overrides: Mapping[str, Any], published: Published | None = None) -> Inputs:
    event_columns = project_vars(overrides)["event_columns"]
    # A var that makes no sense is dbt's to refuse, with the message that says what is allowed.
    event_files = published.event_files if published else {}
    return check_inputs(data_dir(), event_columns if isinstance(event_columns, dict) else {}, event_files)


def _assert_built_from(build: Build, inputs: Inputs) -> None:
    """Raise PipelineError unless the warehouse is what its dbt run built, to the end, and from these files."""
    try:
        with duckdb.connect(str(build.warehouse), read_only=True) as connection:
            built_from = connection.execute("select file, size_bytes, modified_at from raw.input_files").fetchall()
            [(last_run,)] = connection.execute("select invocation_id from raw.invocation").fetchall()
    except duckdb.Error as error:
        problem = str(error).splitlines()[0]
        raise PipelineError(f"the last dbt build cannot be read ({problem}); run `dbt build` again") from None
    if last_run != build.run_results()["metadata"]["invocation_id"]:
        raise PipelineError("the last dbt build did not come to its end; run `dbt build` again")
    if set(built_from) != {(file.name, file.size_bytes, file.modified_at) for file in inputs.files}:
        raise PipelineError("the input files changed since that build; run `dbt build` again")


def _with_rejected_rows(error: PipelineError, warehouse: Path, inputs: Inputs, workshop: Workshop) -> PipelineError:
    """When a build fails over its rejected rows, leave them where they can be read, and say where."""
    if "max_rejected_share" not in str(error) or str(error).startswith("dbt var "):
        return error
    kept = workshop.folder / "rejected_rows.csv"
    with duckdb.connect() as connection, kept.open("w", newline="") as stream:
        connection.execute(f"attach {quote(warehouse)} as warehouse (read_only); use warehouse")
        rows = csv.writer(stream)
        rows.writerow(["file", "line", "reason", "raw_line"])
        first: dict[str, str] = {}
        for file, line, reason, raw_line in rejected_rows(connection, inputs):
            rows.writerow([file, line, reason, raw_line])
            first.setdefault(reason, f"{reason} first in {file}, line {line}")
    return PipelineError(f"{error}; {'; '.join(first.values())}; all of them are in {kept}")
