"""Figures: a frame in, a plain Plotly dict out. No SQL and no Streamlit in here, and nothing is computed.

Colour never says anything alone: what it says is also in a pattern, a dash, a marker, a position or a word. The open
period is hatched and named; it is never joined to a complete one by a line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from app import words
from app.notes import Note
from app.queries.catalogue import Metric

Figure = dict[str, Any]

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star", "triangle-down", "pentagon")
PERIOD_LENGTH = {"day": 86_400_000, "week": 7 * 86_400_000, "month": "M1"}  # as Plotly counts: milliseconds or months
MARKED_PERIODS = 60  # more periods than this have no room for markers
DRAWN_COHORTS = 60  # more lines than this hide each other
TEXT_CELLS = 400  # more cells than this have no room for their figures
CLICKABLE_CELLS = 4000


@dataclass(frozen=True)
class Palette:
    """The colours of a theme, each at least 3:1 against its background."""

    series: tuple[str, ...]
    muted: str
    text: str
    grid: str
    scale: tuple[str, str, str]
    open_scale: tuple[str, str]

    @property
    def by_metric(self) -> dict[str, str]:
        """The same thing has the same colour in every chart."""
        blue, orange, green, pink, ink = self.series[:5]
        return {
            "new_users": blue,
            "resurrected_users": green,
            "churned_users": orange,
            "retained_users": pink,
            "active_users": ink,
            "retention_rate": pink,
            "quick_ratio": ink,
        }


LIGHT = Palette(
    series=("#0072B2", "#D55E00", "#009E73", "#B4558A", "#3D4551", "#8C6D00"),
    muted="#6B7480",
    text="#1A1A1A",
    grid="#E3E7EC",
    scale=("#EEF5FB", "#9CC9E8", "#08457E"),
    open_scale=("#F3F3F3", "#B4BAC2"),
)
DARK = Palette(
    series=("#56B4E9", "#E69F00", "#2BB98F", "#CC79A7", "#D9DEE5", "#F0E442"),
    muted="#9AA5B1",
    text="#F2F4F7",
    grid="#2B333E",
    scale=("#16283A", "#2F78AE", "#A9DBFA"),
    open_scale=("#22272F", "#6C7581"),
)


def growth_combined(
    periods: pd.DataFrame, metrics: dict[str, Metric], grain: str, notes: Sequence[Note], palette: Palette
) -> Figure:
    """New and resurrected upwards, churned downwards, retention rate and quick ratio on a second axis.

    periods  one row per period: period_start, is_complete, the metrics
    notes    reference lines
    """
    bars = [
        _bars(periods, metrics["new_users"], grain, palette),
        _bars(periods, metrics["resurrected_users"], grain, palette, shape="."),
        _bars(periods, metrics["churned_users"], grain, palette, downwards=True),
    ]
    lines = [
        _line(periods, metrics[name], grain, palette, dash=dash, marker=marker)
        | {"yaxis": "y2", "name": f"{metrics[name].label} (right axis)"}
        for name, dash, marker in (("retention_rate", "solid", "circle"), ("quick_ratio", "dash", "diamond"))
    ]
    layout = _layout(palette, height=440) | {
        "barmode": "relative",
        "hovermode": "closest",  # a click means one bar
        "yaxis": _axis(palette, zeroline=True),
        "yaxis2": _axis(
            palette,
            overlaying="y",
            side="right",
            showgrid=False,
            rangemode="tozero",
            tickmode="auto",
            tickformat=".1f",
        ),
    }
    return _with_notes({"data": bars + lines, "layout": layout}, periods, grain, notes, palette)


def growth_single(
    periods: pd.DataFrame,
    metric: Metric,
    grain: str,
    palette: Palette,
    series: str | None = None,
    top: float | None = None,
) -> Figure:
    """One metric over time: bars for a count, a line for a rate.

    series  what a click names instead of the metric
    top     the end of the axis, so that several can be compared
    """
    trace = (_bars if metric.is_count else _line)(periods, metric, grain, palette)
    if series is not None:
        trace["customdata"] = [[series, *values[1:]] for values in trace["customdata"]]
    layout = _layout(palette, height=230) | {"showlegend": False, "yaxis": _value_axis(metric, palette)}
    layout["hovermode"] = "x"
    if top:
        layout["yaxis"] |= {"range": [0, top * 1.05]}
    return _with_notes({"data": [trace], "layout": layout}, periods, grain, (), palette)


def segment_lines(history: pd.DataFrame, metric: Metric, grain: str, palette: Palette) -> Figure:
    """One metric over time, a line per segment value; the open period is a marker of its own.

    history  long: segment, period_start, is_complete, value
    """
    data: list[Figure] = []
    for number, (segment, rows) in enumerate(history.groupby("segment", sort=False)):
        colour = palette.series[number % len(palette.series)]
        closed, still_open = rows[rows["is_complete"]], rows[~rows["is_complete"]]
        trace = {
            "type": "scatter",
            "name": _clip(segment),
            "legendgroup": str(segment),
            "hovertemplate": f"{_clip(segment)}, %{{x|{_date_format(grain)}}}: %{{y:{_hover_format(metric)}}}"
            "<extra></extra>",
        }
        line = {"color": colour, "width": 2, "dash": DASHES[number // len(palette.series) % len(DASHES)]}
        mode = _line_mode(closed)
        symbol = MARKERS[number % len(MARKERS)]
        data.append(trace | _xy(closed) | {"mode": mode, "line": line, "marker": {"symbol": symbol, "size": 7}})
        if not still_open.empty and still_open["value"].notna().any():
            marker = {"symbol": f"{symbol}-open", "size": 9, "color": colour}
            data.append(trace | _xy(still_open) | {"mode": "markers", "marker": marker, "showlegend": False})
    layout = _layout(palette, height=420) | {
        "hovermode": "closest",  # a click means one point
        "xaxis": _period_axis(grain, palette),
        "yaxis": _value_axis(metric, palette),
    }
    return {"data": data, "layout": layout}


def change_waterfall(flows: Mapping[str, float], palette: Palette) -> Figure:
    """From the active users of one period to those of the next. flows: metric -> value in the period."""
    steps = {
        "before": flows["prior_active_users"],
        "new": flows["new_users"],
        "resurrected": flows["resurrected_users"],
        "churned": -flows["churned_users"],
        "active": flows["active_users"],
    }
    names, values = ["Before", "New", "Resurrected", "Churned", "After"], list(steps.values())
    measure = ["absolute", *["relative"] * (len(names) - 2), "total"]
    labels = [
        f"{value:,.0f}" if kind != "relative" else words.signed(value)
        for value, kind in zip(values, measure, strict=True)
    ]
    colours = palette.by_metric
    trace = {
        "type": "waterfall",
        "x": [name.replace("Resurrected", "Resur-<br>rected") for name in names],  # there is little room
        "y": values,
        "measure": measure,
        "customdata": [[state, ""] for state in steps],
        "text": labels,
        "textposition": "outside",
        "textfont": {"color": palette.text},
        "cliponaxis": False,
        "hovertext": names,
        "hovertemplate": "%{hovertext}: %{text}<extra></extra>",
        "connector": {"line": {"color": palette.muted, "width": 1, "dash": "dot"}},
        "increasing": {"marker": {"color": colours["new_users"]}},
        "decreasing": {"marker": {"color": colours["churned_users"]}},
        "totals": {"marker": {"color": palette.muted}},
    }
    layout = _layout(palette, height=320) | {
        "showlegend": False,
        "xaxis": _axis(palette, showgrid=False, tickangle=0),
        "yaxis": _axis(palette, rangemode="tozero"),
    }
    layout["hovermode"] = "closest"
    return {"data": [trace], "layout": layout}


def change_bars(parts: pd.DataFrame, palette: Palette) -> Figure:
    """What each value of a segment adds to the change in active users: segment, change; the largest on top."""
    parts = parts.head(12).iloc[::-1]
    names, changes = parts["segment"].tolist(), parts["change"].tolist()
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": changes,
        "y": [_clip(name) for name in names],
        "customdata": [[None, name] for name in names],
        "unselected": {"marker": {"opacity": 0.4}},
        "text": [words.signed(value) for value in changes],
        "textposition": "outside",
        "textfont": {"color": palette.text},
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{text} active users<extra></extra>",
        "marker": {"color": [palette.series[0] if value >= 0 else palette.series[1] for value in changes]},
    }
    layout = _layout(palette, height=max(320, 60 + 26 * len(parts))) | {
        "showlegend": False,
        "hovermode": "closest",
        "xaxis": _axis(palette, title="Change in active users", zeroline=True, range=_with_room(parts["change"])),
        "yaxis": _axis(palette, type="category", showgrid=False),
    }
    return {"data": [trace], "layout": layout}


def triangle(cells: pd.DataFrame, grain: str, percent: bool, palette: Palette) -> Figure:
    """The retention triangle as a heat map: cohorts downwards, ages to the right, open cells in grey.

    cells  cohort_start, period_number, period_start, cohort_size, users, rate, low, high, is_complete
    """
    sizes = cells.drop_duplicates("cohort_start").set_index("cohort_start")["cohort_size"]
    labels = {
        start: f"{words.short_period(pd.Timestamp(str(start)), grain)} · {size:,}" for start, size in sizes.items()
    }
    cells = cells.assign(label=cells["cohort_start"].map(labels))
    data = [
        _heat(cells, True, percent, palette),
        _heat(cells, False, percent, palette),
    ]
    if len(cells) <= CLICKABLE_CELLS:
        for trace in data:  # what the targets say is more
            del trace["hovertemplate"]
            trace["hoverinfo"] = "skip"
        data.append(_targets(cells))
    oldest = int(cells["period_number"].max())
    layout = _layout(palette, height=min(110 + 28 * max(cells["cohort_start"].nunique(), 3), 1100)) | {
        "hovermode": "closest",
        "hoverdistance": 50,
        "showlegend": False,
        "xaxis": _axis(palette, title=f"{grain.capitalize()}s since first seen", side="top", showgrid=False)
        | ({"dtick": 1} if oldest <= 24 else {})
        | {"range": [-0.5, oldest + 0.5]},
        "yaxis": _axis(palette, type="category", showgrid=False, range=[len(labels) - 0.5, -0.5]),
    }
    return {"data": data, "layout": layout}


def cohort_curves(cells: pd.DataFrame, average: pd.DataFrame, grain: str, palette: Palette) -> Figure:
    """Retention by age: the pooled average with its 95 % interval, over the thin lines of few cohorts."""
    few = cells["cohort_start"].nunique() <= DRAWN_COHORTS
    data: list[Figure] = []
    for start, rows in cells[cells["is_complete"]].groupby("cohort_start") if few else ():
        name = words.period(pd.Timestamp(str(start)), grain)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": name,
                "x": rows["period_number"].tolist(),
                "y": rows["rate"].tolist(),
                "line": {"color": palette.muted, "width": 1},
                "opacity": 0.45,
                "showlegend": False,
                "hovertemplate": f"{name}: %{{y:.1%}}<extra></extra>",
            }
        )
    ages, colour = average["period_number"].tolist(), palette.series[0]
    band = {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0},
        "showlegend": False,
        "hoverinfo": "skip",
        "x": ages,
    }
    data += [
        band | {"y": average["low"].tolist()},
        band | {"y": average["high"].tolist(), "fill": "tonexty", "fillcolor": _translucent(colour)},
        {
            "type": "scatter",
            "mode": _line_mode(average),
            "name": "Average and its 95% interval",
            "x": ages,
            "y": average["rate"].tolist(),
            "customdata": average[["low", "high", "cohorts"]].to_numpy().tolist(),
            "line": {"color": colour, "width": 3},
            "marker": {"size": 6},
            "hovertemplate": "Average: %{y:.1%} (%{customdata[0]:.1%} to %{customdata[1]:.1%}, "
            "%{customdata[2]} cohorts)<extra></extra>",
        },
    ]
    layout = _layout(palette, height=380)
    layout |= {
        "hovermode": "closest",
        "legend": layout["legend"] | {"y": 1.02, "yanchor": "bottom"},
        "xaxis": _axis(palette, title=f"{grain.capitalize()}s since first seen", showgrid=False),
        "yaxis": _axis(palette, tickformat=".0%", rangemode="tozero"),
    }
    return {"data": data, "layout": layout}


def stickiness(rolling: pd.DataFrame, palette: Palette) -> Figure:
    """Daily, weekly and monthly active users, and stickiness below them."""
    names = {"mau": "Monthly (28 days)", "wau": "Weekly (7 days)", "dau": "Daily"}
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": _dates(rolling["activity_date"]),
            "y": _values(rolling[column]),
            "line": {"color": palette.series[number], "width": 2, "dash": DASHES[number]},
            "hovertemplate": "%{y:,.0f}",
        }
        for number, (column, name) in enumerate(names.items())
    ]
    data.append(
        data[0]
        | {
            "name": "Stickiness (daily / monthly)",
            "y": _values(rolling["stickiness"]),
            "yaxis": "y2",
            "line": {"color": palette.series[4], "width": 1.5, "dash": "solid"},
            "hovertemplate": "%{y:.1%}",
        }
    )
    layout = _layout(palette, height=400) | {
        "xaxis": _period_axis("day", palette) | {"anchor": "y2"},
        "yaxis": _axis(palette, rangemode="tozero", domain=[0.4, 1]),
        "yaxis2": _axis(palette, rangemode="tozero", domain=[0, 0.28], tickformat=".0%", nticks=4),
    }
    return {"data": data, "layout": layout}


def power_users(histogram: pd.DataFrame, palette: Palette) -> Figure:
    """Users by the number of days they were active in the last 28."""
    trace = {
        "type": "bar",
        "x": histogram["days_active"].tolist(),
        "y": histogram["users"].tolist(),
        "customdata": [[days] for days in histogram["days_active"].tolist()],
        "unselected": {"marker": {"opacity": 0.4}},
        "marker": {"color": palette.series[0]},
        "hovertemplate": "Active on %{x} of 28 days: %{y:,} users<extra></extra>",
    }
    layout = _layout(palette, height=400) | {
        "showlegend": False,
        "hovermode": "closest",
        "xaxis": _axis(palette, title="Days active in the last 28", showgrid=False),
        "yaxis": _axis(palette),
    }
    return {"data": [trace], "layout": layout}


def calendar(days: pd.DataFrame, palette: Palette) -> Figure:
    """A user's activity: weeks to the right, weekdays downwards. days: day, events."""
    starts = [day - pd.Timedelta(days=day.weekday()) for day in days["day"]]
    trace = {
        "type": "heatmap",
        "x": [f"{start:%Y-%m-%d}" for start in starts],
        "y": [f"{day:%a}" for day in days["day"]],
        "z": days["events"].tolist(),
        "customdata": [words.day(day) for day in days["day"]],
        "hovertemplate": "%{customdata}: %{z} events<extra></extra>",
        "colorscale": _scale((palette.scale[1], palette.scale[2])),
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
    }
    layout = _layout(palette, height=230) | {
        "hovermode": "closest",
        "xaxis": _axis(palette, type="date", showgrid=False),
        "yaxis": _axis(palette, type="category", showgrid=False, autorange="reversed")
        | {"categoryorder": "array", "categoryarray": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]},
    }
    return {"data": [trace], "layout": layout}


def states(rows: pd.DataFrame, grain: str, palette: Palette) -> Figure:
    """A user's states over time, a row of marks per state. rows: period_start, lifecycle_state."""
    colours = palette.by_metric
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": state.capitalize(),
            "x": _dates(group["period_start"]),
            "y": [state.capitalize()] * len(group),
            "marker": {"color": colours[f"{state}_users"], "symbol": symbol, "size": 11},
            "hovertemplate": f"%{{x|%d %b %Y}}: {state}<extra></extra>",
        }
        for state, symbol in zip(words.STATES, MARKERS, strict=False)
        if not (group := rows[rows["lifecycle_state"] == state]).empty
    ]
    layout = _layout(palette, height=250) | {
        "showlegend": False,
        "hovermode": "closest",
        "yaxis": _axis(palette, type="category", autorange="reversed")
        | {"categoryorder": "array", "categoryarray": [state.capitalize() for state in words.STATES]},
    }
    return {"data": data, "layout": layout}


def open_hatched(is_complete: Sequence[bool], shape: str = "") -> Figure:
    """How bars are filled: those of open periods hatched and paler, the others with a pattern's shape, if any."""
    return {
        "opacity": [1 if complete else 0.55 for complete in is_complete],
        "pattern": {
            "shape": [shape if complete else "/" for complete in is_complete],
            "fillmode": "replace",
            "solidity": 0.75 if shape else 0.4,
        },
    }


def _bars(
    periods: pd.DataFrame, metric: Metric, grain: str, palette: Palette, *, shape: str = "", downwards: bool = False
) -> Figure:
    values, span = _values(periods[metric.name]), _span(periods, grain)
    return {
        "type": "bar",
        "name": metric.label,
        **span,
        "y": [-value if downwards and value is not None else value for value in values],
        "customdata": [[metric.name, x, value] for value, x in zip(values, span["x"], strict=True)],
        "marker": open_hatched(periods["is_complete"].tolist(), shape)
        | {"color": palette.by_metric.get(metric.name, palette.series[0])},
        "unselected": {"marker": {"opacity": 0.4}},
        "hovertemplate": f"%{{x|{_date_format(grain)}}}: %{{customdata[2]:,}}",
    }


def _line(
    periods: pd.DataFrame, metric: Metric, grain: str, palette: Palette, *, dash: str = "solid", marker: str = "circle"
) -> Figure:
    colour, span = palette.by_metric.get(metric.name, palette.series[0]), _span(periods, grain)
    return {
        "type": "scatter",
        "mode": _line_mode(periods),
        "name": metric.label,
        **span,
        "y": _values(periods[metric.name]),
        "customdata": [[metric.name, x] for x in span["x"]],
        "line": {"color": colour, "width": 2, "dash": dash},
        "marker": {"symbol": marker, "size": 7},
        "hovertemplate": f"%{{x|{_date_format(grain)}}}: %{{y:{_hover_format(metric)}}}",
    }


def _line_mode(periods: pd.DataFrame) -> str:
    return "lines+markers" if len(periods) <= MARKED_PERIODS else "lines"


def _span(periods: pd.DataFrame, grain: str) -> Figure:
    """Each value stands in the middle of its period, so that a note on a date falls into the right one."""
    x = _dates(periods["period_start"])
    return {"x": x, "xperiod": PERIOD_LENGTH[grain], "xperiod0": x[0], "xperiodalignment": "middle"}


def _with_notes(figure: Figure, periods: pd.DataFrame, grain: str, notes: Sequence[Note], palette: Palette) -> Figure:
    """Adds the label of the open period and a line for each note, and names the periods on the x axis."""
    layout = figure["layout"]
    layout["xaxis"] = _period_axis(grain, palette)
    if grain == "month":
        layout["xaxis"]["ticklabelmode"] = "period"  # of bars and points in the middle of their period
    annotations: list[Figure] = []
    shapes: list[Figure] = []
    text = {"showarrow": False, "yref": "paper", "font": {"size": 12, "color": palette.text}}
    drawn = [trace for trace in figure["data"] if trace["y"][-1] is not None]
    # At most the last period is open.
    if drawn and not periods["is_complete"].iloc[-1]:
        start, days, passed = (periods[column].iloc[-1] for column in ("period_start", "days", "days_passed"))
        end = start + pd.Timedelta(days=days)
        place = {"x": f"{end:%Y-%m-%d}", "y": 1, "yanchor": "bottom", "xanchor": "right"}
        annotations.append(text | place | {"text": f"open: {open_label(passed, days)}"})
    for note in notes:
        moment = f"{note.date:%Y-%m-%d}"
        line = {"color": palette.muted, "width": 1, "dash": "dot"}
        shapes.append({"type": "line", "x0": moment, "x1": moment, "yref": "paper", "y0": 0, "y1": 1, "line": line})
        annotations.append(
            text | {"x": moment, "y": 0.98, "yanchor": "top", "xanchor": "left", "text": _clip(note.text, 32)}
        )
    layout["annotations"] = annotations
    layout["shapes"] = shapes
    return figure


def open_label(passed: int, days: int) -> str:
    """How much of an open period has passed: 12 of 30 days."""
    return f"{passed} of {words.count(days, 'day')}"


def _heat(cells: pd.DataFrame, complete: bool, percent: bool, palette: Palette) -> Figure:
    """The complete cells of a triangle, or the open ones; every cohort and age has its place, the others are empty."""
    mark = "" if complete else "…"
    few = len(cells) <= TEXT_CELLS
    labels = {label: row for row, label in enumerate(dict.fromkeys(cells["label"].tolist()))}
    ages = range(int(cells["period_number"].max()) + 1)
    values: list[list[float | None]] = [[None] * len(ages) for _ in labels]
    texts = [[""] * len(ages) for _ in labels]
    shown = cells[cells["is_complete"] == complete]
    for label, age, value in zip(
        shown["label"].tolist(),
        shown["period_number"].tolist(),
        shown["rate" if percent else "users"].tolist(),
        strict=True,
    ):
        values[labels[label]][age] = value
        if few:
            texts[labels[label]][age] = f"{value:.0%}{mark}" if percent else f"{value:,}{mark}"
    heat: Figure = {
        "type": "heatmap",
        "x": list(ages),
        "y": list(labels),
        "z": values,
        "zmin": 0,
        "zmax": 1 if percent else max(int(cells["users"].max()), 1),
        "colorscale": _scale(palette.scale if complete else palette.open_scale),
        "showscale": False,
        "hoverongaps": False,
        "xgap": 1 if few else 0,
        "ygap": 1 if few else 0,
        "hovertemplate": f"%{{y}}, %{{x}} on: %{{z:{'.1%' if percent else ','}}}{mark}<extra></extra>",
    }
    if few:
        heat |= {"text": texts, "texttemplate": "%{text}"}
    elif complete:
        heat |= {"showscale": True, "colorbar": _colour_bar(percent, palette)}
    return heat


def readable_width(cells: int, oldest: int) -> int:
    """The pixels in which a triangle's figures can be read, by the number of its cells and its highest age.

    0 if it shows none.
    """
    return 120 + 42 * (oldest + 1) if cells <= TEXT_CELLS else 0


def _targets(cells: pd.DataFrame) -> Figure:
    """An unseen point in each cell: Plotly lets people select points, not cells of a heat map."""
    unseen = {"marker": {"color": "rgba(0,0,0,0)"}}
    shown = ("users", "cohort_size", "rate", "low", "high", "is_complete")
    return {
        "type": "scatter",
        "mode": "markers",
        "x": cells["period_number"].tolist(),
        "y": cells["label"].tolist(),
        "customdata": list(zip(_dates(cells["cohort_start"]), cells["period_number"].tolist(), strict=True)),
        "text": [
            f"<b>{users:,} of {size:,}</b> ({rate:.1%})<br>"
            f"95% interval {low:.1%} to {high:.1%}" + ("" if complete else "<br>period still open")
            for users, size, rate, low, high, complete in zip(*(cells[name].tolist() for name in shown), strict=True)
        ],
        "hovertemplate": "%{y}, %{x} on: %{text}<extra></extra>",
        **unseen,
        "selected": unseen,
        "unselected": unseen,
        "showlegend": False,
    }


def _colour_bar(percent: bool, palette: Palette) -> Figure:
    tick = {"tickfont": {"color": palette.text}, "outlinewidth": 0, "thickness": 10, "len": 0.9}
    return tick | ({"tickformat": ".0%"} if percent else {})


def _scale(colours: Sequence[str]) -> list[list[Any]]:
    return [[number / (len(colours) - 1), colour] for number, colour in enumerate(colours)]


def _layout(palette: Palette, height: int) -> Figure:
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 36, "b": 8},
        "hovermode": "x unified",
        "font": {"color": palette.text, "size": 13},
        "legend": {"orientation": "h", "y": -0.18, "yanchor": "top", "x": 0, "font": {"color": palette.text}},
        "xaxis": _axis(palette, showgrid=False),
        "bargap": 0.2,
    }


def _axis(palette: Palette, *, title: str = "", zeroline: bool = False, **more: Any) -> Figure:
    named = {"title": {"text": title, "font": {"color": palette.text, "size": 12}}} if title else {}
    return named | {
        "tickfont": {"color": palette.text, "size": 12},
        "gridcolor": palette.grid,
        "zeroline": zeroline,
        "zerolinecolor": palette.muted,
        "automargin": True,
        **more,
    }


def _period_axis(grain: str, palette: Palette) -> Figure:
    axis = _axis(palette, type="date", showgrid=False, hoverformat=_date_format(grain))
    return axis | {"tickformat": "%b\n%Y" if grain == "month" else "%-d %b\n%Y"}


def _date_format(grain: str) -> str:
    return "%b %Y" if grain == "month" else "%d %b %Y"


def _value_axis(metric: Metric, palette: Palette) -> Figure:
    return _axis(palette, rangemode="tozero", tickformat=".0%" if metric.unit == "share" else "")


def _hover_format(metric: Metric) -> str:
    return {"share": ".1%", "ratio": ".2f"}.get(metric.unit, ",.0f")


def _xy(rows: pd.DataFrame) -> Figure:
    starts = _dates(rows["period_start"])
    return {
        "x": starts,
        "y": _values(rows["value"]),
        "customdata": [[segment, start] for segment, start in zip(rows["segment"].tolist(), starts, strict=True)],
    }


def _dates(values: pd.Series[Any]) -> list[str]:
    return values.to_numpy("datetime64[D]").astype(str).tolist()


def _values(values: pd.Series[Any]) -> list[float | None]:
    """Numbers as JSON knows them: what is unknown is a gap in the line, never a zero."""
    return [None if math.isnan(value) else value for value in values.astype(float).tolist()]


def _clip(text: object, length: int = 24) -> str:
    # Plotly reads tags in labels: what users named is shown as it stands.
    shown = str(text) if len(str(text)) <= length else str(text)[: length - 1] + "…"
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _with_room(values: pd.Series) -> list[float]:
    """A range with room for the labels at the ends of the bars."""
    low, high = min(values.min(), 0), max(values.max(), 0)
    room = 0.15 * max(high - low, 1)
    return [float(low - room if low else 0), float(high + room if high else 0)]


def _translucent(colour: str) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.18)"
