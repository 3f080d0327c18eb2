"""Overview: the latest complete period in a few figures, and what the change in active users is made of."""

import pandas as pd

from app import words
from app.components import changes, panels, shell
from app.components.cards import metric_cards
from app.queries import catalogue, growth

CARDS = (
    "active_users",
    "new_users",
    "resurrected_users",
    "retained_users",
    "churned_users",
    "retention_rate",
    "quick_ratio",
)

page = shell.begin("Overview", "How many people use the product, and where they come from and go.")
db, view = page.db, page.view

complete = pd.DataFrame()
with panels.panel("Latest complete period"):
    metrics = catalogue.metrics(db, "growth_metrics")
    history = growth.history(db, view)
    complete = history[history["is_complete"]]
    if complete.empty:
        panels.empty(f"No {view.grain} in these dates has ended yet.", panels.WIDEN)
    else:
        latest = complete["period_start"].iloc[-1]
        name = words.period(latest, view.grain)
        metric_cards(f"{name[0].upper()}{name[1:]}", complete, metrics, CARDS, view)
        panels.growth_table(history, metrics, view)

if not complete.empty:
    with panels.panel("What changed most", help="New and resurrected users less churned ones are exactly the change."):
        flows = complete[complete["period_start"] == latest].set_index("metric")["value"]
        if flows.isna()["prior_active_users"]:
            panels.empty("This is the first period of the data.", "There is nothing before it to compare with.")
        else:
            changes.decomposition(page, latest, flows)
