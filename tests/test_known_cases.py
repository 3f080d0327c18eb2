"""Streams whose answers were worked out elsewhere: lifecycle and first-time retention as such tools are tested."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from compiled_project import CompiledProject, rows

HEADER = "event_time,user_id,event_type"

# Days without anybody, returns after one and more days.
DAILY = {
    "A": "2020-01-11T12 2020-01-12T12 2020-01-13T12 2020-01-15T12 2020-01-17T12 2020-01-19T12",
    "B": "2020-01-09T12 2020-01-12T12",
    "C": "2020-01-12T12",
    "D": "2020-01-15T12",
}
# The same with two events that lie on one day in UTC and on another on the Pacific coast.
NEAR_MIDNIGHT = DAILY | {"A": "2020-01-11T23 2020-01-12T01 2020-01-13T12 2020-01-15T12 2020-01-17T12 2020-01-19T12"}
# Across the end of a year, with months without anybody.
MONTHLY = {
    "A": "2020-01-11T12 2020-02-12T12 2020-03-13T12 2020-05-15T12 2020-07-17T12 2020-09-19T12",
    "B": "2019-12-09T12 2020-02-12T12",
    "C": "2020-02-12T12",
    "D": "2020-05-15T12",
}
COHORTS = {
    "A": "2020-06-10T05 2020-06-11T05 2020-06-12T05 2020-06-15T05 2020-06-15T09 2020-06-16T05",
    "B": "2020-06-11T05 2020-06-12T05 2020-06-13T05 2020-06-16T05",
}

# period: new, retained, resurrected, churned, active; the last period is open, churn is not known there.
LIFECYCLES: list[tuple[str, dict[str, str], str, str, dict[str, tuple[int, int, int, int, int]]]] = [
    (
        "days",
        DAILY,
        "UTC",
        "daily",
        {
            "2020-01-09": (1, 0, 0, 0, 1),
            "2020-01-10": (0, 0, 0, 1, 0),
            "2020-01-11": (1, 0, 0, 0, 1),
            "2020-01-12": (1, 1, 1, 0, 3),
            "2020-01-13": (0, 1, 0, 2, 1),
            "2020-01-14": (0, 0, 0, 1, 0),
            "2020-01-15": (1, 0, 1, 0, 2),
            "2020-01-16": (0, 0, 0, 2, 0),
            "2020-01-17": (0, 0, 1, 0, 1),
            "2020-01-18": (0, 0, 0, 1, 0),
            "2020-01-19": (0, 0, 1, 0, 1),
        },
    ),
    (
        "days in UTC",
        NEAR_MIDNIGHT,
        "UTC",
        "daily",
        {"2020-01-12": (1, 1, 1, 0, 3), "2020-01-13": (0, 1, 0, 2, 1), "2020-01-14": (0, 0, 0, 1, 0)},
    ),
    (
        "the same instants on the Pacific coast",
        NEAR_MIDNIGHT,
        "US/Pacific",
        "daily",
        {"2020-01-12": (1, 0, 1, 1, 2), "2020-01-13": (0, 0, 1, 2, 1), "2020-01-14": (0, 0, 0, 1, 0)},
    ),
    (
        "months across a year's end",
        MONTHLY,
        "UTC",
        "monthly",
        {
            "2020-02-01": (1, 1, 1, 0, 3),
            "2020-03-01": (0, 1, 0, 2, 1),
            "2020-04-01": (0, 0, 0, 1, 0),
            "2020-05-01": (1, 0, 1, 0, 2),
            "2020-06-01": (0, 0, 0, 2, 0),
            "2020-07-01": (0, 0, 1, 0, 1),
            "2020-08-01": (0, 0, 0, 1, 0),
            "2020-09-01": (0, 0, 1, 0, 1),
        },
    ),
]


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CompiledProject]:
    folder = tmp_path_factory.mktemp("cases")
    write(folder / "example", {})
    return {
        zone: CompiledProject(folder / zone.replace("/", "-"), folder / "example", {"timezone": zone})
        for zone in ("UTC", "US/Pacific")
    }


def write(folder: Path, stream: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{time}:00:00Z,{user},seen" for user, times in stream.items() for time in times.split()]
    (folder / "event_stream.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    return folder


@pytest.mark.parametrize(
    ("stream", "zone", "grain", "wanted"), [c[1:] for c in LIFECYCLES], ids=[c[0] for c in LIFECYCLES]
)
def test_lifecycle(
    projects: dict[str, CompiledProject],
    tmp_path: Path,
    stream: dict[str, str],
    zone: str,
    grain: str,
    wanted: dict[str, tuple[int, ...]],
) -> None:
    table = rows(projects[zone].run(write(tmp_path, stream)), f"growth_metrics_{grain}")
    by_period: dict[str, dict[str, Any]] = {str(row["period_start"]): row for row in table}
    for period, counts in wanted.items():
        row = by_period[period]
        names = ("new_users", "retained_users", "resurrected_users", "churned_users", "active_users")
        for name, count in zip(names, counts, strict=True):
            assert row[name] == (count if row["is_complete"] or name != "churned_users" else None), (period, name)


def test_first_time_retention(projects: dict[str, CompiledProject], tmp_path: Path) -> None:
    table = rows(projects["UTC"].run(write(tmp_path, COHORTS)), "retention_triangle_daily")
    cells = {(row["cohort_start"], row["period_number"]): row["retained_users"] for row in table}
    wanted = {date(2020, 6, 10): [1, 1, 1, 0, 0, 1, 1], date(2020, 6, 11): [1, 1, 1, 0, 0, 1]}
    assert cells == {(cohort, age): n for cohort, counts in wanted.items() for age, n in enumerate(counts)}
