"""The queries behind every page, uncached: `python benchmarks/page_queries.py WAREHOUSE`.

Opens every page as a reader does, at every grain, filtered and not, and follows its links to users; every query that a
page makes is run and timed anew. Prints percentiles for each query, and the pages on which the slowest ones were made.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import parse_qs, urlencode

import pandas as pd
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app import warehouse  # noqa: E402
from app.queries import catalogue  # noqa: E402

Params = dict[str, list[str]]

read_uncached = warehouse.Snapshot.read_uncached

GRAINS = ("Day", "Week", "Month")
WORST = 10


@dataclass
class Recorder:
    """Stands where the app runs a query, and keeps how long each took."""

    page: str = ""
    seconds: dict[str, list[tuple[float, str]]] = field(default_factory=lambda: defaultdict(list))

    def __call__(self, snapshot: warehouse.Snapshot, sql: str, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        started = time.perf_counter()
        frame = read_uncached(snapshot, sql, params)
        if self.page:
            self.seconds[_asking()].append((time.perf_counter() - started, self.page))
        return frame


def _asking() -> str:
    """The function that asks for the query that is run."""
    frame: FrameType | None = sys._getframe()
    while frame and Path(frame.f_code.co_filename) in (Path(__file__), Path(warehouse.__file__)):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}" if frame else "?"


def views(db: warehouse.Snapshot) -> Iterator[Params]:
    """What a reader may choose everywhere: each grain, over all time, unfiltered, one segment filtered, all of them."""
    segments = {name: catalogue.segment_values(db, name) for name in catalogue.segments(db)}
    one = {f"in_{name}": values[:1] for name, values in list(segments.items())[:1]}
    every = {f"in_{name}": values[:2] for name, values in segments.items()}
    for grain in GRAINS:
        for filters in ({}, one, every) if segments else ({},):
            yield {"grain": [grain], "range": ["All"], **filters}


def pages(db: warehouse.Snapshot) -> Iterator[tuple[str, Params]]:
    """Every page, and every way it can be drawn that asks for something else."""
    user = db.read("select user_id from dim_users order by events desc limit 1")["user_id"].iloc[0]
    for view in views(db):
        yield "overview", view
        yield "growth", view
        for kind in ("In that period", "On or after"):
            yield "retention", view | {"kind": [kind]}
        for segment in catalogue.segments(db):
            yield "segments", view | {"by": [segment.replace("_", " ").capitalize()]}
        yield "users", view
        yield "users", view | {"search": [user[-2:]]}
        yield "users", view | {"user": [user]}
        yield "ask", view | {"question": ["active users by month"]}
    for section in ("Tables", "Metrics", "Refreshes", "Rejected rows", "Checks"):
        yield "data", {"section": [section]}


def visit(name: str, params: Params) -> list[Params]:
    """Opens a page, as its first reader. Returns where its links to users lead. Raises if something on it failed."""
    file = warehouse._warehouse(warehouse.path())
    file._snapshot = replace(file.current(), results=warehouse.Results())
    app = AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=300)
    if name != "overview":
        app.switch_page(f"app/pages/{name}.py")
    for key, values in params.items():
        app.query_params[key] = values
    app.run()
    if app.exception or app.error:
        raise RuntimeError(f"{name}?{urlencode(params, doseq=True)} shows an error")
    return [parse_qs(link.proto.query_string) for link in app.get("page_link") if "See these" in link.proto.label]


def percentiles(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else seconds * 99
    return f"p50 {cuts[49] * 1000:6.0f} ms   p95 {cuts[94] * 1000:6.0f} ms   most {max(seconds) * 1000:6.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    os.environ["WAREHOUSE_PATH"] = str(parser.parse_args().warehouse.resolve())
    logging.disable(logging.WARNING)  # of Streamlit, which misses a browser

    recorder = Recorder()
    warehouse.Snapshot.read_uncached = lambda *asked: recorder(*asked)  # type: ignore[method-assign]
    opened = 0
    for name, params in list(pages(warehouse.current())):
        recorder.page = f"{name}?{urlencode(params, doseq=True)}"
        links = visit(name, params)
        for link in links:
            recorder.page = f"users?{urlencode(link, doseq=True)}"
            visit("users", link)
        opened += 1 + len(links)

    taken = [one for some in recorder.seconds.values() for one in some]
    print(f"{opened} pages opened, {len(taken):,} queries\n")
    print(f"{'all queries':36} {len(taken):6,} times  {percentiles([seconds for seconds, _ in taken])}")
    for query, some in sorted(recorder.seconds.items(), key=lambda item: -max(item[1])[0]):
        print(f"  {query:34} {len(some):6,} times  {percentiles([seconds for seconds, _ in some])}")
    print("\nthe slowest")
    for query, some in sorted(recorder.seconds.items(), key=lambda item: -max(item[1])[0])[:WORST]:
        seconds, page = max(some)
        print(f"  {seconds * 1000:6.0f} ms  {query} on {page}")


if __name__ == "__main__":
    main()
