"""The chart that fits an answer: the dashboard's own where there is one. No SQL and no Streamlit."""

from __future__ import annotations

import pandas as pd

from app import charts, words
from app.ask.answer import Answer
from app.ask.catalogue import COHORTS, Catalogue
from app.ask.metric_query import MetricQuery
from app.ask.phrasing import longer_name
from app.charts import Figure, Palette
from app.queries.catalogue import Metric

MOST_BARS = 40
BAR_HEIGHT, AROUND_BARS = 40, 64  # pixels of a bar that lies, and of what is above and below all of them


def of_answer(answer: Answer, catalogue: Catalogue, palette: Palette) -> Figure | None:
    """A figure for an answer; None if there is only one number, or none."""
    query = answer.metric_query
    if query is None or answer.trust is None:
        return None
    metric = catalogue.asked(query)[0]
    if query.operation == "explain":
        return _explained(answer.frame, metric, palette)
    frame = answer.detail if answer.detail is not None else answer.frame
    if len(frame) < 2 or metric.name not in frame:
        return None
    if catalogue.kind(query.metric) != COHORTS and "period_start" in frame and answer.frame is not None:
        if query.by and not (query.and_by or query.within) and query.operation == "series":
            history = frame.rename(columns={query.by: "segment", metric.name: "value"})
            return charts.segment_lines(history, metric, query.grain, palette)
        if not (query.by or query.within) and query.operation in ("series", "value", "average", "median"):
            return charts.growth_single(_with_days(frame, query, catalogue), metric, query.grain, palette)
    names = _names(frame, query)
    if names is None:
        return None
    complete = frame["is_complete"].tolist() if "is_complete" in frame else None
    return bars(names, list(frame[metric.name]), metric, palette, complete)


def bars(
    names: list[str],
    values: list[float | None],
    metric: Metric,
    palette: Palette,
    complete: list[bool] | None = None,
) -> Figure:
    """Named figures side by side; `complete` says which are of periods that have ended, default all."""
    known = [None if value is None or pd.isna(value) else float(value) for value in values][:MOST_BARS]
    text = ["" if value is None else words.number(value, metric.unit) for value in known]
    font = {"color": palette.text, "size": 12}
    axis = {"tickfont": font, "gridcolor": palette.grid, "automargin": True}
    return {
        "data": [
            {
                "type": "bar",
                "x": [_safe(name) for name in names[:MOST_BARS]],
                "y": known,
                "text": text,
                "textposition": "outside",
                "textfont": font,
                "cliponaxis": False,
                "marker": charts.open_hatched((complete or [True] * len(known))[:MOST_BARS])
                | {"color": palette.series[0]},
                "hovertemplate": "%{x}: %{text}<extra></extra>",
            }
        ],
        "layout": {
            "height": 300,
            "margin": {"l": 8, "r": 8, "t": 28, "b": 8},
            "font": {"color": palette.text, "size": 13},
            "showlegend": False,
            "dragmode": False,
            "xaxis": axis | {"type": "category", "showgrid": False},
            "yaxis": axis | {"rangemode": "tozero", "tickformat": ".0%" if metric.unit == "share" else ""},
        },
    }


def _explained(frame: pd.DataFrame, metric: Metric, palette: Palette) -> Figure | None:
    """What each part adds to the change."""
    rows = frame[(frame["dimension"] != "total") & frame["contribution"].notna()].head(MOST_BARS)
    if rows.empty:
        return None
    names = [
        part.replace("_", " ") if dimension == "identity" else f"{words.title(dimension)}: {part}"
        for dimension, part in zip(rows["dimension"], rows["part"], strict=True)
    ]
    values = [float(value) for value in rows["contribution"]]
    figure = bars(names, list(values), metric, palette)
    [trace], layout = figure["data"], figure["layout"]
    # Sideways, the figure below the name: however narrow the page, both stand in full beside their bar.
    text = [words.change(value, None, metric.unit) for value in values]
    trace |= {"orientation": "h", "x": trace["y"], "text": text, "textposition": "none"}
    trace["y"] = [f"{_safe(name)}<br>{shown}" for name, shown in zip(names, text, strict=True)]
    trace["hovertemplate"] = "%{y}<extra></extra>"
    trace["marker"] = {"color": [palette.series[0 if value >= 0 else 1] for value in values]}
    layout["xaxis"], layout["yaxis"] = layout["yaxis"] | {"nticks": 4}, layout["xaxis"] | {"autorange": "reversed"}
    layout["height"] = AROUND_BARS + BAR_HEIGHT * len(values)
    return figure


def _with_days(frame: pd.DataFrame, query: MetricQuery, catalogue: Catalogue) -> pd.DataFrame:
    """The frame with how long each period is and how much of it has passed."""
    starts = [start.date() for start in frame["period_start"]]
    return frame.assign(
        days=[(catalogue.shifted(start, 1, query.grain) - start).days for start in starts],
        days_passed=[(catalogue.as_of - start).days for start in starts],
    )


def _names(frame: pd.DataFrame, query: MetricQuery) -> list[str] | None:
    """What the rows are called."""
    if "period_number" in frame and query.age is None:
        return [str(number) for number in frame["period_number"]]
    if "days_active" in frame:
        return [str(days) for days in frame["days_active"]]
    columns = ["within_start", "range_start", "cohort_start", "period_start"]
    dates = next((name for name in columns if name in frame), None)
    is_of_values = dates not in ("within_start", "range_start") and not query.is_by_period
    if query.by in frame and is_of_values:
        values = (frame[segment] for segment in query.splits)
        return [" and ".join(map(str, names)) for names in zip(*values, strict=True)]
    if dates is None:
        return None
    by = [f"{value} " for value in frame[query.by]] if query.by in frame else [""] * len(frame)
    longer = query.within
    named = [longer_name(start, longer) if longer else words.short_period(start, query.grain) for start in frame[dates]]
    return [f"{value}{name}" for value, name in zip(by, named, strict=True)]


def _safe(text: str) -> str:
    # Plotly reads tags in labels: what users named is shown as it stands.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
