"""The last steps of write-audit-publish: describe the new warehouse, compare it with the published one, swap them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from pipeline.build import Build
from pipeline.errors import HeldError, PipelineError
from pipeline.inputs import Inputs, quote
from pipeline.metrics import catalogue
from pipeline.published import input_file_row
from pipeline.rejected_rows import rejected_rows
from pipeline.rows import insert_rows
from pipeline.settings import Workshop

VERSIONS_KEPT = 3
_LOG_COLUMNS = (
    "refresh_id, started_at, finished_at, as_of_date, rows_read, rows_accepted, rows_rejected, rows_duplicate, "
    "rows_excluded, rows_after_as_of, tests_passed, dbt_version, duckdb_version, vars, is_update, code"
)


@dataclass(frozen=True)
class Refresh:
    """A row of meta.refresh_log."""

    refresh_id: str
    started_at: datetime
    finished_at: datetime
    as_of_date: date | None
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    rows_duplicate: int
    rows_excluded: int
    rows_after_as_of: int
    tests_passed: int
    dbt_version: str
    duckdb_version: str
    vars: str
    is_update: bool
    code: str | None


def publish(
    build: Build, inputs: Inputs, workshop: Workshop, started_at: datetime, accept: bool, code: str | None
) -> Refresh:
    """Describe, audit and publish a finished build.

    `code` is the fingerprint of what built it, None when that is not known for sure.
    The build's file becomes the published one, by one rename; the one it replaces is kept as a version.
    Raises HeldError when the audit finds that history went missing, unless `accept`; PipelineError when the
    inputs changed meanwhile or the disk is full. The published warehouse is then as it was.
    """
    inputs.assert_unchanged()
    with _one_writer(build.warehouse) as connection:
        if workshop.warehouse.exists():
            _attach_published(connection, workshop, accept)
        refresh = _describe(connection, build, inputs, started_at, code)
        inputs.assert_unchanged()  # once more: describing has looked into the files
        if not accept:
            _audit(connection, workshop, build.vars()["max_history_loss_share"])
        connection.execute("drop schema if exists raw cascade; drop schema if exists work cascade")
        connection.execute("detach database if exists published")
        connection.execute("checkpoint")
    if _wal(build.warehouse).exists():
        raise PipelineError(f"{build.warehouse} was not closed cleanly; refresh again")
    _swap(build.warehouse, workshop)
    return refresh


@contextmanager
def _one_writer(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        connection = duckdb.connect(str(warehouse))
        connection.execute("set enable_progress_bar = false; set TimeZone = 'UTC'")
        try:
            yield connection
        finally:
            connection.close()
    except duckdb.Error as error:
        raise PipelineError(f"the new warehouse cannot be finished: {str(error).splitlines()[0]}") from error


def _attach_published(connection: duckdb.DuckDBPyConnection, workshop: Workshop, accept: bool) -> None:
    try:
        connection.execute(f"attach {quote(workshop.warehouse)} as published (read_only)")
        connection.execute("select refresh_id from published.meta.refresh_log limit 1").fetchall()
    except duckdb.Error as error:
        if "WAL file" in str(error) and _wal(workshop.warehouse).exists():
            # Of another version: with it there, no reader can open the file either.
            _wal(workshop.warehouse).unlink()
            _attach_published(connection, workshop, accept)
            return
        if not accept:
            raise HeldError(
                f"{workshop.warehouse} cannot be compared with ({str(error).splitlines()[0]}); "
                "refresh with --accept to publish over it"
            ) from None
        connection.execute("detach database if exists published")


def _has_published(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute("select 1 from duckdb_databases() where database_name = 'published'").fetchall())


def _describe(
    connection: duckdb.DuckDBPyConnection, build: Build, inputs: Inputs, started_at: datetime, code: str | None
) -> Refresh:
    """Fill schema `meta`: the history of refreshes with this one, the metrics, the rejected rows."""
    connection.execute((Path(__file__).parent / "meta.sql").read_text())
    if _has_published(connection):
        connection.execute("insert into meta.refresh_log by name from published.meta.refresh_log")
    lines: dict[str, int] = dict(
        connection.execute("select line_status, count(*) from staging.base_events group by all").fetchall()
    )
    as_of = connection.execute("select as_of_date from intermediate.int_as_of").fetchall()
    finished_at = datetime.now(UTC).replace(tzinfo=None)
    refresh = Refresh(
        refresh_id=finished_at.strftime("%Y%m%dT%H%M%S.%fZ"),
        started_at=started_at,
        finished_at=finished_at,
        as_of_date=as_of[0][0] if as_of else None,
        rows_read=sum(lines.values()),
        rows_accepted=lines.get("accepted", 0),
        rows_rejected=lines.get("rejected", 0),
        rows_duplicate=lines.get("duplicate", 0),
        rows_excluded=lines.get("excluded", 0) + lines.get("after_as_of", 0),
        rows_after_as_of=lines.get("after_as_of", 0),
        tests_passed=build.tests_passed(),
        dbt_version=build.run_results()["metadata"]["dbt_version"],
        duckdb_version=duckdb.__version__,
        vars=json.dumps(build.vars(), default=str),
        is_update=not all(file.is_loaded for file in inputs.of("event_stream")),
        code=code,
    )
    insert_rows(connection, "meta.refresh_log", [astuple(refresh)])
    insert_rows(connection, "meta.metrics", [astuple(metric) for metric in catalogue(build.manifest())])
    insert_rows(connection, "meta.input_files", [input_file_row(file) for file in inputs.files])
    insert_rows(connection, "meta.rejected_rows", rejected_rows(connection, inputs))
    if refresh.is_update:
        kept = [file.name for file in inputs.files if not file.is_loaded]
        connection.execute(
            "insert into meta.rejected_rows from published.meta.rejected_rows where file in (select unnest(?))", [kept]
        )
    return refresh


def _audit(connection: duckdb.DuckDBPyConnection, workshop: Workshop, max_loss: float) -> None:
    """Hold the new version when it knows less than the published one."""
    if not _has_published(connection):
        return
    [(published_as_of,)] = connection.execute(
        "select max_by(as_of_date, refresh_id) from published.meta.refresh_log"
    ).fetchall()
    if published_as_of is None:
        return
    [(new_as_of,)] = connection.execute("select max(as_of_date) from intermediate.int_as_of").fetchall()
    if new_as_of is None or new_as_of < published_as_of:
        raise HeldError(
            f"held: the data would go back from {published_as_of} to {new_as_of or 'nothing'}; is a file missing? "
            "refresh with --accept if that is meant"
        )
    [(before,)] = connection.execute(
        "select count(*) from published.main.fct_events where event_date < ?", [published_as_of]
    ).fetchall()
    [(after,)] = connection.execute(
        "select count(*) from fct_events where event_date < ?", [published_as_of]
    ).fetchall()
    if after < before * (1 - max_loss):
        raise HeldError(
            f"held: of {before:,} published events before {published_as_of} only {after:,} would be left, more are "
            f"lost than max_history_loss_share ({max_loss:.2%}) allows; is a file missing? "
            "refresh with --accept if that is meant"
        )


def _swap(new: Path, workshop: Workshop) -> None:
    """Put `new` in the place of the published file by one rename; keep what was there."""
    warehouse = workshop.warehouse
    if warehouse.exists():
        _keep(workshop)
    # Left by somebody who wrote to the published file; beside the new one it would make DuckDB refuse to open it.
    _wal(warehouse).unlink(missing_ok=True)
    new.replace(warehouse)
    _sync(warehouse.parent)
    for old in kept_versions(workshop)[VERSIONS_KEPT:]:
        old.unlink()


def _keep(workshop: Workshop) -> None:
    workshop.versions.mkdir(parents=True, exist_ok=True)
    written_at = datetime.fromtimestamp(workshop.warehouse.stat().st_mtime, UTC)
    kept = workshop.versions / f"{written_at:%Y%m%dT%H%M%S.%fZ}.duckdb"
    kept.unlink(missing_ok=True)
    try:
        os.link(workshop.warehouse, kept)
    except OSError:  # no hard links on this file system
        shutil.copy2(workshop.warehouse, kept)


def kept_versions(workshop: Workshop) -> list[Path]:
    """The versions published before that are still there, newest first."""
    return sorted(workshop.versions.glob("*.duckdb"), reverse=True)


def roll_back(workshop: Workshop) -> Path:
    """Put the newest kept version in the place of the published one; returns its path as it was."""
    versions = kept_versions(workshop)
    if not versions:
        raise PipelineError("there is no earlier version to go back to")
    _wal(workshop.warehouse).unlink(missing_ok=True)
    versions[0].replace(workshop.warehouse)
    _sync(workshop.warehouse.parent)
    return versions[0]


def last_refresh(warehouse: Path) -> Refresh:
    """The refresh that made a published warehouse. Raises PipelineError if it is none."""
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach {quote(warehouse)} as warehouse (read_only)")
            rows = connection.execute(
                f"select {_LOG_COLUMNS} from warehouse.meta.refresh_log order by refresh_id desc limit 1"
            ).fetchall()
    except duckdb.Error as error:
        raise PipelineError(f"{warehouse} cannot be read: {str(error).splitlines()[0]}") from None
    return Refresh(*rows[0])


def table_sizes(warehouse: Path) -> list[tuple[str, int, float]]:
    """(table, rows, megabytes on disk) of a published warehouse, the largest first; small tables share blocks."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {quote(warehouse)} as warehouse (read_only); use warehouse")
        [(block_size,)] = connection.execute(
            "select block_size from pragma_database_size() where database_name = 'warehouse'"
        ).fetchall()
        tables = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'warehouse'"
        ).fetchall()
        sizes = []
        for (table,) in tables:
            [(rows, blocks)] = connection.execute(
                f"""
                select (select count(*) from {table}), count(distinct block_id)
                from (
                    select unnest([block_id] || additional_block_ids) as block_id
                    from pragma_storage_info({quote(table)}) where persistent
                )
                where block_id >= 0
                """
            ).fetchall()
            sizes.append((table, rows, blocks * block_size / 1e6))
    return sorted(sizes, key=lambda size: (-size[2], -size[1], size[0]))


def _wal(warehouse: Path) -> Path:
    return warehouse.with_name(warehouse.name + ".wal")


def _sync(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
