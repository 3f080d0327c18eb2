"""A generated event stream of a consumer rewards app: members earn miles, search rewards and redeem them.

Nobody in it is real. It has what real deliveries have: growth, a campaign, weekends, a holiday, an outage, heavy and
light users who leave and come back, and flaws: repeated, late and unusable lines, a new column, users with two ids.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random
from typing import Any, TypeVar

DEFAULT_USERS = 1500
DEFAULT_DAYS = 471  # from 1 July 2025
DEFAULT_SEED = 12

LAST_DAY = date(2026, 10, 14)  # a Wednesday in mid-month, so that the last day, week and month are open
LAST_MOMENT = "2026-10-14T10:00:00Z"

SEGMENTS = ["platform", "utm_source", "country"]
COLUMNS = ["event_time", "user_id", "event_type", "transaction_category", "miles_amount", *SEGMENTS]
NEW_COLUMN, NEW_COLUMN_FROM = "app_version", "event_stream_2026q3.csv"
LATE_FILE, ALIAS_FILE, EXCLUDED_FILE = "event_stream_late.csv", "user_aliases.csv", "excluded_users.csv"

# value: (share of the sign-ups, stickiness: how often and how long they use the app, 1 being usual)
PLATFORMS = {"ios": (38, 1.4), "android": (37, 1), "web": (25, 0.5)}
SOURCES = {"organic": (24, 1.5), "google": (25, 1), "facebook": (20, 0.8), "referral": (14, 1.8), "tiktok": (17, 0.35)}
COUNTRIES = {"SG": (32, 1.15), "MY": (25, 1.05), "PH": (19, 0.9), "TH": (14, 1), "ID": (10, 0.8)}

# (event type, transaction category): (share of the events, smallest and largest number of miles)
EVENTS = {
    ("miles_earned", "ecommerce"): (23, 80, 120),
    ("miles_earned", "dining"): (17, 400, 600),
    ("miles_earned", "shopping"): (16, 800, 1200),
    ("miles_redeemed", "flight"): (9, 1600, 2400),
    ("miles_redeemed", "hotel"): (6, 800, 1200),
    ("reward_search", "lululemon"): (5, 0, 0),
    ("reward_search", "apple"): (5, 0, 0),
    ("reward_search", "shopee"): (5, 0, 0),
    ("share", ""): (9, 0, 0),
    ("like", ""): (5, 0, 0),
}

# The calendar, the same for all users
HISTORY_DAYS = 365  # the app is older than the data: sign-ups begin this many days before the first day
DOUBLING_DAYS = 220  # the time in which daily sign-ups double
WEEKDAYS = [1.0, 1.0, 1.02, 1.05, 1.1, 0.75, 0.65]  # how busy a day is, Monday first
HOLIDAY_FROM, HOLIDAY_TO, HOLIDAY_FACTOR = (12, 22), (1, 3), 0.55  # month and day
OUTAGE = {date(2026, 9, 8), date(2026, 9, 9)}
CAMPAIGN_FROM, CAMPAIGN_TO, CAMPAIGN_SOURCE = date(2026, 5, 4), date(2026, 5, 24), "tiktok"
CAMPAIGN_FACTOR = 3.5  # times the usual sign-ups; those on top come from the campaign's source, and few of them stay

# The habits of one user
SPELL_DAYS, SPELL_SHAPE = 15, 0.25  # Weibull: most spells of use are short, a few are very long
HABIT, HABIT_TAIL, HABIT_MAX = 0.09, 1.4, 0.85  # chance of activity on a day of a spell: a power law over users
NOVELTY, NOVELTY_DECAY = 0.6, 0.65  # what a fresh spell adds to that chance, and the part of it left a day later
RETURN_CHANCE, AWAY_DAYS = 0.38, 60  # chance to come back after a spell, and the mean time until then
MORE_EVENTS = 1.1  # of a visit, after the first; on average
DEVICE_CHANGE_CHANCE, TRAVEL_CHANCE, NO_SOURCE_CHANCE = 0.01, 0.02, 0.06  # per visit; a new device stays

# The flaws of the files
DUPLICATE_SHARE = 0.003
LATE_SHARE, LATE_BEFORE = 0.002, "2026-10"
ALIASED_USERS = 5
TEST_ACCOUNTS = ["u_qa_1", "u_qa_2", "u_qa_3"]

Key = TypeVar("Key")
Row = list[str]
FLAWS: list[Callable[[Row], Row]] = [
    lambda row: ["2026-13-45T25:61:00Z", *row[1:]],
    lambda row: ["2099" + row[0][4:], *row[1:]],  # a device whose clock is wrong
    lambda row: [row[0], "", *row[2:]],
    lambda row: [*row[:2], "", *row[3:]],
    lambda row: row[:3],  # cut off
    lambda row: [*row[:3], "Orchard Road", "#02-11", *row[3:]],  # commas without quotes
]
FLAWED_LINES, FLAWED_SHARE_MAX = 10, 0.0025


def write_sample(data_dir: Path, users: int, days: int, seed: int) -> list[Path]:
    """Write the sample into `data_dir` and return its files; the same arguments give the same bytes.

    `users` is the number of people, `days` the length of the stream, which ends on `LAST_DAY`.
    Raises ValueError if one of them is below 1, or if `data_dir` holds inputs that are not files of this sample.
    """
    if users < 1 or days < 1:
        raise ValueError(f"A sample needs at least 1 user and 1 day, not {users} and {days}.")
    first_day = LAST_DAY - timedelta(days - 1)
    quarters = sorted({_file_of((first_day + timedelta(n)).isoformat()) for n in range(days)})
    # The late file carries the new column, as the newest ones do.
    columns = {name: COLUMNS if name < NEW_COLUMN_FROM else [*COLUMNS, NEW_COLUMN] for name in [*quarters, LATE_FILE]}
    columns |= {ALIAS_FILE: ["alias_id", "user_id"], EXCLUDED_FILE: ["user_id"]}
    _refuse_to_mix(data_dir, set(columns))

    rng = Random(seed)
    rows = sorted(_event_rows(rng, users, first_day))
    tables: dict[str, list[Row]] = {name: [] for name in columns}
    tables[ALIAS_FILE] = _rename_beginnings(rng, rows)
    tables[EXCLUDED_FILE] = [[account] for account in TEST_ACCOUNTS]
    for row in rows:
        is_late = row[0] < LATE_BEFORE and rng.random() < LATE_SHARE
        is_repeated = not is_late and rng.random() < DUPLICATE_SHARE
        name = LATE_FILE if is_late else _file_of(row[0])
        tables[name] += [row[: len(columns[name])]] * (1 + is_repeated)
    for n in range(min(FLAWED_LINES, int(FLAWED_SHARE_MAX * len(rows)))):
        if table := tables[quarters[n % len(quarters)]]:
            place = rng.randrange(len(table))
            table[place] = FLAWS[n % len(FLAWS)](table[place])

    data_dir.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        text = "".join(",".join(row) + "\n" for row in [columns[name], *table])
        (data_dir / name).write_text(text, encoding="utf-8", newline="\n")
    return [data_dir / name for name in columns]


def _file_of(event_time: str) -> str:
    """The file of an ISO date or time: one for each calendar quarter."""
    return f"event_stream_{event_time[:4]}q{(int(event_time[5:7]) + 2) // 3}.csv"


def _refuse_to_mix(data_dir: Path, names: set[str]) -> None:
    """Raise ValueError if an input lies in `data_dir` under another name than the sample's."""
    inputs = ("event_stream", "user_aliases", "excluded_users")
    if others := sorted({path.name for path in data_dir.glob("*") if path.name.startswith(inputs)} - names):
        raise ValueError(f"{data_dir} holds other data ({', '.join(others)}); move it away, or write elsewhere.")


def _event_rows(rng: Random, users: int, first_day: date) -> Iterator[Row]:
    """The events of all users who are seen from `first_day` on, and of the test accounts."""
    opening = first_day - timedelta(HISTORY_DAYS)
    calendar = [opening + timedelta(n) for n in range((LAST_DAY - opening).days + 1)]
    busy = [_busyness(day) for day in calendar]
    campaign = [CAMPAIGN_FACTOR if CAMPAIGN_FROM <= day <= CAMPAIGN_TO else 1 for day in calendar]
    sign_ups = list(accumulate(busy[n] * campaign[n] * 2 ** (n / DOUBLING_DAYS) for n in range(len(calendar))))

    for account in TEST_ACCOUNTS:
        days = [day for day in calendar[HISTORY_DAYS:] if day.weekday() < 5 and rng.random() < 0.15 * _busyness(day)]
        yield from _user_rows(rng, account, days, "web", "organic", "SG")
    number = 1
    while number <= users:
        [joined] = rng.choices(range(len(calendar)), cum_weights=sign_ups)
        by_campaign = rng.random() > 1 / campaign[joined]
        platform, country = _pick(rng, PLATFORMS), _pick(rng, COUNTRIES)
        source = CAMPAIGN_SOURCE if by_campaign else _pick(rng, SOURCES)
        stickiness = PLATFORMS[platform][1] * SOURCES[source][1] * COUNTRIES[country][1]
        days = [calendar[n] for n in _active_days(rng, joined, busy, stickiness) if n >= HISTORY_DAYS]
        rows = list(_user_rows(rng, f"u_{number:05d}", days, platform, source, country))
        number += bool(rows)  # who left before the first day is not seen, and not counted
        yield from rows


def _busyness(day: date) -> float:
    """How much happens on a day, relative to a usual Monday."""
    is_holiday = (day.month, day.day) >= HOLIDAY_FROM or (day.month, day.day) <= HOLIDAY_TO
    return 0.0 if day in OUTAGE else WEEKDAYS[day.weekday()] * (HOLIDAY_FACTOR if is_holiday else 1.0)


def _active_days(rng: Random, joined: int, busy: list[float], stickiness: float) -> Iterator[int]:
    """The days (positions in `busy`) on which one user is active: spells of use, parted by weeks away."""
    habit = min(HABIT * stickiness * rng.paretovariate(HABIT_TAIL), HABIT_MAX)
    start = joined
    while start < len(busy):
        if busy[start]:
            yield start
        end = start + int(rng.weibullvariate(SPELL_DAYS * stickiness, SPELL_SHAPE))
        for day in range(start + 1, min(end + 1, len(busy))):
            if rng.random() < busy[day] * (habit + NOVELTY * NOVELTY_DECAY ** (day - start)):
                yield day
        if rng.random() > RETURN_CHANCE:
            return
        start = end + 7 + int(rng.expovariate(1 / AWAY_DAYS))


def _user_rows(rng: Random, user_id: str, days: list[date], platform: str, source: str, country: str) -> Iterator[Row]:
    """The events of one user on the given days, in order of time. Nobody redeems miles they do not have."""
    balance = 0
    for day in days:
        if rng.random() < DEVICE_CHANGE_CHANCE:
            platform = _pick(rng, PLATFORMS)
        visit_country = _pick(rng, COUNTRIES) if rng.random() < TRAVEL_CHANCE else country
        visit_source = "" if rng.random() < NO_SOURCE_CHANCE else source
        version = "" if platform == "web" else f"{day.year - 2021}.{day.month}.0"
        moment = datetime(day.year, day.month, day.day) + timedelta(hours=rng.triangular(0, 21, 12))
        for _ in range(1 + int(rng.expovariate(1 / MORE_EVENTS))):
            moment += timedelta(seconds=rng.randint(5, 400))
            event_time = moment.isoformat(timespec="seconds") + "Z"
            if event_time > LAST_MOMENT:
                return
            event_type, category = _pick(rng, EVENTS)
            miles = rng.randint(*EVENTS[event_type, category][1:])
            cost = miles if event_type == "miles_redeemed" else -miles
            if cost > balance:
                continue
            balance -= cost
            amount = str(miles) if miles else ""
            yield [event_time, user_id, event_type, category, amount, platform, visit_source, visit_country, version]


def _rename_beginnings(rng: Random, rows: list[Row]) -> list[Row]:
    """Give a few users another id in their first events, one of them two in turn; return (alias_id, user_id)."""
    own: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        own[row[1]].append(row)
    known = [user for user, events in own.items() if len(events) >= 6 and user not in TEST_ACCOUNTS]
    aliases: list[Row] = []
    for user in rng.sample(known, min(ALIASED_USERS, len(known))):
        ids = [user.replace("u", "guest"), user]
        if not aliases:
            ids.insert(1, user.replace("u", "device"))
        for position, row in enumerate(own[user][:4]):
            row[1] = ids[position * (len(ids) - 1) // 4]
        aliases += [[alias, target] for alias, target in pairwise(ids)]
    return aliases


def _pick(rng: Random, shares: dict[Key, Any]) -> Key:
    """One of the keys, drawn by the share that comes first in its value."""
    return rng.choices(list(shares), [share for share, *_ in shares.values()])[0]
