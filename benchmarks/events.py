"""Generates event files of any size for the benchmarks: `python benchmarks/events.py FOLDER --millions 30`.

Users sign up over two years, are light or heavy, stay for a while, pause and leave; some three events on an active day.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import duckdb

FIRST_DAY = "2024-01-01"


def write_events(folder: Path, millions: float, users: int = 200_000, days: int = 730, kind: str = "parquet") -> Path:
    """Write `event_stream.parquet` (or .csv) with about so many million events; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"event_stream.{kind}"
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false; select setseed(0.42)")
    connection.execute(
        f"""
        create table users as
        select
            i as number,
            'u_' || lpad(i::varchar, 7, '0') as user_id,
            (random() * {days})::int as signup_day,
            20 + (-ln(1 - random()) * 350)::int as stays_days,
            0.02 + 0.6 * random() ** 2 as daily_chance,
            ['ios', 'android', 'web'][1 + (random() * 2.99)::int % 3] as platform,
            ['organic', 'google', 'facebook', 'referral', 'tiktok'][1 + (random() * 4.99)::int % 5] as utm_source,
            ['SG', 'MY', 'PH', 'TH', 'ID'][1 + (random() ** 2 * 4.99)::int % 5] as country
        from range({users}) as r(i);

        create table user_days as
        select users.*, signup_day + age as day
        from users, lateral (select unnest(range(least(stays_days, {days} - signup_day))) as age)
        where (age = 0 or random() < daily_chance) and signup_day + age < {days}
        """
    )
    [(user_days,)] = connection.execute("select count(*) from user_days").fetchall()
    per_day = millions * 1e6 / user_days
    connection.execute(
        f"""
        copy (
            select
                timestamp '{FIRST_DAY}' + to_days(day) + to_seconds(random() * 86399) as event_time,
                user_id,
                ['miles_earned', 'reward_search', 'share', 'like', 'miles_redeemed'][1 + (random() * 4.99)::int % 5]
                    as event_type,
                ['dining', 'ecommerce', 'hotel', 'flight', null][1 + (random() * 4.99)::int % 5]
                    as transaction_category,
                case when random() < 0.7 then round(random() * 2000) end as miles_amount,
                platform, utm_source, country
            from (
                select *, unnest(range(greatest(1, floor({per_day} * 2 * random() + random())::int))) from user_days
            )
            order by day
        ) to '{path}'
        """
    )
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--millions", type=float, default=30)
    parser.add_argument("--users", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--kind", choices=("parquet", "csv"), default="parquet")
    arguments = parser.parse_args()
    print(write_events(**vars(arguments)))
