"""The charts of the pages, each drawn once for a version of the warehouse, a view and a theme. No Streamlit in here."""

from __future__ import annotations

import functools
from datetime import date
from typing import NewType

import plotly.graph_objects as go

from app import charts
from app.charts import Figure, Palette
from app.notes import Note
from app.queries import catalogue, growth, retention
from app.view import View
from app.warehouse import Snapshot, once_a_version

Drawing = NewType("Drawing", Figure)  # a figure that is ready to be sent; shared by its readers, leave it as it is


def ready(figure: Figure) -> Drawing:
    """The figure with the template of Streamlit's theme.

    As Plotly's own class would make it, which checks and copies all its values; the tests check the same figures.
    """
    return Drawing({"data": figure["data"], "layout": figure["layout"] | {"template": _template()}})


@functools.cache
def _template() -> Figure:
    template: Figure = go.Figure().to_dict()["layout"]["template"]
    return template


@once_a_version
def growth_combined(db: Snapshot, view: View, notes: tuple[Note, ...], palette: Palette) -> Drawing:
    """New, resurrected and churned users, retention rate and quick ratio."""
    metrics = catalogue.metrics(db, "growth_metrics")
    return ready(charts.growth_combined(growth.periods(db, view), metrics, view.grain, notes, palette))


@once_a_version
def growth_single(db: Snapshot, view: View, metric: str, palette: Palette) -> Drawing:
    """One metric of all users of the view."""
    definition = catalogue.metrics(db, "growth_metrics")[metric]
    return ready(charts.growth_single(growth.periods(db, view), definition, view.grain, palette))


@once_a_version
def stickiness(db: Snapshot, view: View, palette: Palette) -> Drawing:
    """Daily, weekly and monthly active users, and stickiness."""
    return ready(charts.stickiness(growth.rolling(db, view), palette))


@once_a_version
def power_users(db: Snapshot, view: View, palette: Palette) -> Drawing:
    """Users by the days they were active."""
    return ready(charts.power_users(growth.power_users(db, view), palette))


@once_a_version
def change_waterfall(db: Snapshot, view: View, palette: Palette) -> Drawing:
    """From the active users before the latest complete period to those in it."""
    return ready(charts.change_waterfall(growth.flows(db, view), palette))


@once_a_version
def change_bars(db: Snapshot, view: View, by: str, period: date, palette: Palette) -> Drawing:
    """What each value of a segment adds to the change in active users."""
    return ready(charts.change_bars(growth.change_by_segment(db, view, by, period), palette))


@once_a_version
def segment_lines(db: Snapshot, view: View, by: str, metric: str, palette: Palette) -> Drawing:
    """One metric by a segment, a line for each value."""
    definition = catalogue.metrics(db, "growth_metrics")[metric]
    return ready(charts.segment_lines(growth.series(db, view, by, metric), definition, view.grain, palette))


@once_a_version
def segment_single(db: Snapshot, view: View, by: str, metric: str, value: str, palette: Palette) -> Drawing:
    """One metric of one value of a segment, on the same axis as the other values."""
    definition = catalogue.metrics(db, "growth_metrics")[metric]
    series = growth.series(db, view, by, metric)
    periods = growth.by_period(series[series["segment"] == value])
    return ready(
        charts.growth_single(periods, definition, view.grain, palette, value, top=float(series["value"].max()))
    )


@once_a_version
def triangle(db: Snapshot, view: View, or_later: bool, percent: bool, palette: Palette) -> Drawing:
    """The retention triangle."""
    return ready(charts.triangle(retention.cells(db, view, or_later), view.grain, percent, palette))


@once_a_version
def cohort_curves(db: Snapshot, view: View, or_later: bool, palette: Palette) -> Drawing:
    """Retention by age."""
    cells, average = retention.cells(db, view, or_later), retention.average_curve(db, view, or_later)
    return ready(charts.cohort_curves(cells, average, view.grain, palette))
