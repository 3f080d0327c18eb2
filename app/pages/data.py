"""Data: what is in the warehouse, what its metrics mean, how it was made, and that it holds."""

import streamlit as st

from app import words
from app.components import panels, shell
from app.queries import catalogue, identities

SAMPLE = 100
SECTIONS = ("Tables", "Metrics", "Refreshes", "Rejected rows", "Checks")

db = shell.head("Data", "What stands behind the figures. Everything here is read from the published file.")
section = st.segmented_control(
    "Section", SECTIONS, default=SECTIONS[0], required=True, key="section", bind="query-params"
)

if section == "Tables":
    with panels.panel("Tables"):
        tables = catalogue.tables(db).set_index("name")
        name = st.selectbox("Table", list(tables.index), key="table", bind="query-params", width=360)
        table = tables.loc[name]
        st.markdown(table["comment"] if isinstance(table["comment"], str) else "No description.")
        columns = catalogue.columns(db, table["schema_name"], table["table_name"])
        labels = {"name": "Column", "type": "Type", "comment": "What it holds"}
        panels.table(lambda: columns, f"{name}_columns.csv", labels, alt=f"Columns of {name}", collapsed=False)
        st.markdown(f"**The first {SAMPLE} rows**")
        panels.table(
            lambda: catalogue.sample(db, table["schema_name"], table["table_name"], SAMPLE),
            f"{name}.csv",
            dict(zip(columns["name"], columns["name"], strict=True)),
            alt=f"Rows of {name}",
            collapsed=False,
        )

elif section == "Metrics":
    with panels.panel("Metric dictionary", help="From meta.metrics, which the dbt project declares."):
        dictionary = catalogue.dictionary(db)
        with st.grid(2, min_column_width=320):
            for metric in dictionary.map(words.plain).to_dict("records"):
                st.markdown(f"**{metric['label']}**  \n{metric['description']}  \n*{metric['formula']}*")
        panels.table(lambda: dictionary, "metrics.csv", alt="Metric dictionary")

elif section == "Refreshes":
    with panels.panel("Refresh history", help="From meta.refresh_log; the first row made this file."):
        refreshes = catalogue.refreshes(db)
        panels.table(lambda: refreshes, "refresh_log.csv", alt="Refresh history", collapsed=False)

elif section == "Rejected rows":
    with panels.panel("Rejected rows", help="Lines of the event files that cannot be used, as they were delivered."):
        reasons = catalogue.rejected_reasons(db)
        if reasons.empty:
            panels.empty("Every line that was delivered could be used.", "")
        else:
            panels.table(lambda: reasons, "rejected_reasons.csv", alt="Reasons", collapsed=False)
            rows = catalogue.rejected_rows(db, SAMPLE)
            panels.table(lambda: rows, "rejected_rows.csv", alt=f"The first {SAMPLE} rejected rows", collapsed=False)

else:
    with panels.panel(
        "Checks", help="Computed now, on this version of the warehouse; a refresh that breaks one is not published."
    ):
        held = identities.held(db)
        labels = {"statement": "What holds", "grain": "Grain", "periods": "Periods checked", "broken": "Broken"}
        panels.table(lambda: held, "checks.csv", labels, alt="Identities", collapsed=False)
