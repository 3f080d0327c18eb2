"""Overview: the latest complete period in a few figures, and what the change in active users is made of."""

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

latest = None
with panels.panel("Latest complete period"):
    metrics = catalogue.metrics(db, "growth_metrics")
    latest = growth.latest(db, view)
    if latest is None:
        panels.empty(f"No {view.grain} in these dates has ended yet.", panels.WIDEN)
    else:
        metric_cards(latest, metrics, CARDS, view)
        panels.growth_table(page, metrics)

if latest is not None:
    with panels.panel("What changed most", help="New and resurrected users less churned ones are exactly the change."):
        flows = growth.flows(db, view)
        if not flows:
            panels.empty("This is the first period of the data.", "There is nothing before it to compare with.")
        else:
            changes.decomposition(page, latest.start, flows)
