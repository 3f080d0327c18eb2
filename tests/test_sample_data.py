"""The generated sample: the same bytes each time, and in it everything that real deliveries hold."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline.sample_data import (
    COLUMNS,
    DEFAULT_DAYS,
    DEFAULT_SEED,
    DEFAULT_USERS,
    LAST_DAY,
    NEW_COLUMN,
    OUTAGE,
    write_sample,
)

SHIPPED = Path(__file__).parent.parent / "data"
QUARTERS = sorted(SHIPPED.glob("event_stream_20*.csv"))
LATE = SHIPPED / "event_stream_late.csv"


def table(path: Path) -> list[list[str]]:
    """The lines of a file after its header, split into fields."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))[1:]


def header(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n", 1)[0].split(",")


def contents(paths: list[Path]) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def lines() -> list[list[str]]:
    """All shipped lines that were delivered on time."""
    return [line for path in QUARTERS for line in table(path)]


@pytest.fixture(scope="module")
def events(lines: list[list[str]]) -> list[dict[str, str]]:
    """Those of them that can be used."""
    return [
        dict(zip([*COLUMNS, NEW_COLUMN], line, strict=False))
        for line in lines
        if len(line) in (len(COLUMNS), len(COLUMNS) + 1) and line[0][:4] in ("2025", "2026") and is_date(line[0][:10])
        if line[1] and line[2]
    ]


def is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def test_same_seed_gives_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    one, again, other = (
        contents(write_sample(tmp_path / name, users=40, days=100, seed=seed))
        for name, seed in (("one", 1), ("again", 1), ("other", 2))
    )
    assert one == again
    assert one.keys() == other.keys()
    assert one != other


def test_shipped_files_are_a_fresh_generation(tmp_path: Path) -> None:
    fresh = contents(write_sample(tmp_path, DEFAULT_USERS, DEFAULT_DAYS, DEFAULT_SEED))
    assert contents(sorted(SHIPPED.glob("*.csv"))) == fresh
    assert sum(map(len, fresh.values())) < 4_000_000


def test_readme_names_the_shipped_size() -> None:
    command = f"sample-data --users {DEFAULT_USERS} --days {DEFAULT_DAYS} --seed {DEFAULT_SEED}"
    assert command in (SHIPPED / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("users", "days"), [(1, 1), (3, 30)])
def test_small_samples_hold_every_file(tmp_path: Path, users: int, days: int) -> None:
    paths = write_sample(tmp_path, users, days, seed=1)
    assert all(path.read_text(encoding="utf-8").endswith("\n") for path in paths)
    ids = {line[1] for path in tmp_path.glob("event_stream_20*") for line in table(path)}
    assert {user for user in ids if user.startswith("u_0")} == {f"u_{n:05d}" for n in range(1, users + 1)}


def test_a_sample_can_be_written_over_itself(tmp_path: Path) -> None:
    before = contents(write_sample(tmp_path, users=3, days=20, seed=1))
    assert contents(write_sample(tmp_path, users=3, days=20, seed=1)) == before


@pytest.mark.parametrize(
    "other", ["event_stream.csv", "event_stream/", "user_aliases.parquet", "excluded_users.jsonl.gz"]
)
def test_refuses_to_mix_with_other_data(tmp_path: Path, other: str) -> None:
    path = tmp_path / other
    if other.endswith("/"):
        path.mkdir()
    else:
        path.write_bytes(b"somebody's own")
    with pytest.raises(ValueError, match=other.rstrip("/")) as refusal:
        write_sample(tmp_path, users=3, days=20, seed=1)
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("users", "days"), [(0, 10), (10, 0)])
def test_refuses_a_sample_of_nothing(tmp_path: Path, users: int, days: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        write_sample(tmp_path, users, days, seed=1)


def test_columns_differ_between_files() -> None:
    widths = {path.name: header(path) for path in QUARTERS}
    assert widths["event_stream_2026q2.csv"] == COLUMNS
    assert widths["event_stream_2026q3.csv"] == [*COLUMNS, NEW_COLUMN]


def test_ends_on_the_open_last_day(events: list[dict[str, str]]) -> None:
    times = sorted(event["event_time"] for event in events)
    assert times[0][:10] == (LAST_DAY - timedelta(DEFAULT_DAYS - 1)).isoformat()
    assert LAST_DAY.isoformat() < times[-1] < f"{LAST_DAY}T12"


def test_only_the_outage_is_silent(events: list[dict[str, str]]) -> None:
    days = {event["event_time"][:10] for event in events}
    expected = {LAST_DAY - timedelta(n) for n in range(DEFAULT_DAYS)}
    assert {day for day in expected if day.isoformat() not in days} == OUTAGE
    assert len(OUTAGE) == 2


def test_repeated_lines(lines: list[list[str]]) -> None:
    repeated = len(lines) - len(set(map(tuple, lines)))
    assert repeated / len(lines) == pytest.approx(0.003, abs=0.001)


def test_late_lines_belong_to_old_days() -> None:
    late = table(LATE)
    assert 20 < len(late) < 200
    assert max(line[0] for line in late) < "2026-10"


def test_a_few_lines_cannot_be_used(lines: list[list[str]], events: list[dict[str, str]]) -> None:
    assert len(lines) - len(events) == 10
    assert any(line[0].startswith("2099") for line in lines)
    assert any(line[0].startswith("2026-13") for line in lines)
    assert any(line[1] == "" for line in lines)
    assert any(line[2] == "" for line in lines)
    assert {len(line) for line in lines} > {3, len(COLUMNS), len(COLUMNS) + 1}


def test_aliases_have_events_and_one_chain(events: list[dict[str, str]]) -> None:
    users = {event["user_id"] for event in events}
    target = {line[0]: line[1] for line in table(SHIPPED / "user_aliases.csv")}
    assert len(target) == 6
    assert users >= target.keys() | set(target.values())
    assert [alias for alias, user in target.items() if user in target] == [next(iter(target))]


def test_excluded_users_have_events(events: list[dict[str, str]]) -> None:
    users = {event["user_id"] for event in events}
    excluded = {user for (user,) in table(SHIPPED / "excluded_users.csv")}
    assert len(excluded) == 3
    assert excluded < users


def test_segments_are_sometimes_missing_and_sometimes_change(events: list[dict[str, str]]) -> None:
    missing = sum(event["utm_source"] == "" for event in events) / len(events)
    assert 0.01 < missing < 0.15
    seen = Counter(user for user, _ in {(event["user_id"], event["platform"]) for event in events})
    changed = sum(count > 1 for count in seen.values()) / len(seen)
    assert 0.01 < changed < 0.3


def test_growth_campaign_and_weekends(events: list[dict[str, str]]) -> None:
    visits = {(event["event_time"][:10], event["user_id"]) for event in events}
    first = {user: day for day, user in sorted(visits, reverse=True)}
    new = Counter(day[:7] for day in first.values())
    assert new["2026-05"] > 2 * new["2026-04"]
    active = Counter(month for month, _ in {(day[:7], user) for day, user in visits})
    assert active["2026-09"] > 2 * active["2025-09"]
    weekday = Counter(date.fromisoformat(day).weekday() for day, _ in visits)
    assert weekday[6] < 0.8 * weekday[2]
