"""`python -m pipeline`: everything that writes the warehouse."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import Any

import yaml

from pipeline.errors import PipelineError
from pipeline.lock import sole_writer
from pipeline.publish import Refresh, kept_versions, last_refresh, roll_back, table_sizes
from pipeline.refresh import publish_engineers_build, refresh
from pipeline.sample_data import DEFAULT_DAYS, DEFAULT_SEED, DEFAULT_USERS, write_sample
from pipeline.settings import Workshop, data_dir, warehouse_path


def main() -> int:
    arguments = _parser().parse_args()
    workshop = Workshop(warehouse_path())
    try:
        arguments.run(arguments, workshop)
    except PipelineError as error:
        print(f"{arguments.command}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{arguments.command}: interrupted", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("refresh", help="build a new warehouse from the input files, test it, publish it")
    command.add_argument(
        "--full-refresh", action="store_true", help="build everything from the inputs, not only what they changed"
    )
    command.add_argument("--accept", action="store_true", help="publish although the audit would hold it")
    command.add_argument("--vars", default="{}", metavar="YAML", help="dbt vars of this run")
    command.set_defaults(run=_refresh)

    command = commands.add_parser("publish", help="audit and publish what `dbt build` in analytics_dbt has built")
    command.add_argument("--accept", action="store_true", help="publish although the audit would hold it")
    command.set_defaults(run=_publish)

    command = commands.add_parser("status", help="what is published, how old it is, how good")
    command.set_defaults(run=_status)

    command = commands.add_parser("rollback", help="go back to the version published before")
    command.set_defaults(run=_roll_back)

    command = commands.add_parser("sample-data", help="generate the sample into the data folder")
    command.add_argument("--users", type=int, default=DEFAULT_USERS, metavar="N")
    command.add_argument("--days", type=int, default=DEFAULT_DAYS, metavar="D")
    command.add_argument("--seed", type=int, default=DEFAULT_SEED, metavar="S")
    command.set_defaults(run=_sample_data)
    return parser


def _vars(text: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that is none
        raise PipelineError(f"--vars cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise PipelineError("--vars is no mapping; write for example '{timezone: America/Sao_Paulo}'")
    return values


def _say(line: str) -> None:
    print(line, flush=True)


def _refresh(arguments: argparse.Namespace, workshop: Workshop) -> None:
    done = refresh(workshop, _vars(arguments.vars), arguments.full_refresh, arguments.accept, _say)
    _say(f"published {workshop.warehouse}")
    _say(_summary(done))


def _publish(arguments: argparse.Namespace, workshop: Workshop) -> None:
    done = publish_engineers_build(workshop, arguments.accept)
    _say(f"published {workshop.warehouse}")
    _say(_summary(done))


def _status(arguments: argparse.Namespace, workshop: Workshop) -> None:
    if not workshop.warehouse.exists():
        raise PipelineError(f"nothing is published at {workshop.warehouse}; run `make refresh`")
    done = last_refresh(workshop.warehouse)
    age = datetime.now(UTC).replace(tzinfo=None) - done.finished_at
    _say(f"{workshop.warehouse}, {workshop.warehouse.stat().st_size / 1e6:,.1f} MB")
    _say(f"published {done.finished_at:%Y-%m-%d %H:%M} UTC, {_age(age.total_seconds())} ago, in {_seconds(done)}")
    _say(_summary(done))
    _say(f"dbt {done.dbt_version}, DuckDB {done.duckdb_version}")
    _say(f"earlier versions to roll back to: {len(kept_versions(workshop))}")
    for table, rows, megabytes in table_sizes(workshop.warehouse):
        _say(f"  {table:<40} {rows:>14,} rows {megabytes:>9,.1f} MB")


def _roll_back(arguments: argparse.Namespace, workshop: Workshop) -> None:
    with sole_writer(workshop):
        roll_back(workshop)
    _say(f"went back to the version published before at {workshop.warehouse}")
    _say(_summary(last_refresh(workshop.warehouse)))


def _sample_data(arguments: argparse.Namespace, workshop: Workshop) -> None:
    try:
        for path in write_sample(data_dir(), arguments.users, arguments.days, arguments.seed):
            _say(f"wrote {path}")
    except ValueError as error:
        raise PipelineError(str(error)) from None


def _summary(done: Refresh) -> str:
    as_of = f"complete up to, not including, {done.as_of_date}" if done.as_of_date else "no events"
    rejected = f"{done.rows_rejected:,} rejected"
    if done.rows_rejected:
        rejected += f" ({done.rows_rejected / done.rows_read:.2%}, see meta.rejected_rows)"
    return (
        f"{as_of}: {done.rows_read:,} lines read = {done.rows_accepted:,} accepted, {rejected}, "
        f"{done.rows_duplicate:,} duplicate, {done.rows_excluded:,} excluded; {done.tests_passed} checks passed"
    )


def _seconds(done: Refresh) -> str:
    return f"{(done.finished_at - done.started_at).total_seconds():.1f} s"


def _age(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


if __name__ == "__main__":
    sys.exit(main())
