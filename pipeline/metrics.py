"""The metric catalogue, from the semantic models and metrics of the dbt project as dbt understood them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Metric:
    """A row of meta.metrics; numerator and denominator are to be summed before they are divided."""

    name: str
    label: str
    description: str
    formula: str
    numerator: str
    denominator: str | None
    unit: str
    direction: str
    model: str


def catalogue(manifest: Mapping[str, Any]) -> list[Metric]:
    """The metrics of dbt's manifest.json, in the order of the YAML."""
    measures = {
        measure["name"]: (measure.get("expr") or measure["name"], semantic_model["model"])
        for semantic_model in manifest["semantic_models"].values()
        for measure in semantic_model["measures"]
    }
    metrics = {metric["name"]: metric for metric in manifest["metrics"].values()}

    def expression(name: str) -> tuple[str, str]:
        """What to sum for a metric that is no ratio, and the model it is in."""
        params = metrics[name]["type_params"]
        if metrics[name]["type"] == "simple":
            return measures[params["measure"]["name"]]
        text = params["expr"]
        for part in params["metrics"]:
            column, model = expression(part["name"])
            text = text.replace(part["name"], column)
        return text, model

    rows: list[Metric] = []
    for metric in metrics.values():
        meta, params = metric["config"]["meta"], metric["type_params"]
        is_ratio = metric["type"] == "ratio"
        numerator, model = expression(params["numerator"]["name"] if is_ratio else metric["name"])
        rows.append(
            Metric(
                name=metric["name"],
                label=metric["label"],
                description=metric["description"],
                formula=meta["formula"],
                numerator=numerator,
                denominator=expression(params["denominator"]["name"])[0] if is_ratio else None,
                unit=meta["unit"],
                direction=meta["direction"],
                model=model.removeprefix("ref('").removesuffix("')").removesuffix("_monthly"),
            )
        )
    return rows
