"""The dashboard: `streamlit run dashboard.py`. Page config and navigation, nothing else."""

import streamlit as st

from app.components import shell

PAGES = (
    ("overview", "Overview", ":material/dashboard:", "The latest complete period in a few figures, and what changed."),
    ("growth", "Growth", ":material/trending_up:", "New, resurrected, retained, churned and active users over time."),
    ("retention", "Retention", ":material/grid_on:", "How many of each cohort come back, and after how long."),
    (
        "segments",
        "Segments",
        ":material/donut_small:",
        "Any metric by platform, source, country or what else there is.",
    ),
    ("users", "Users", ":material/group:", "The people behind the figures, and each one's history."),
    ("ask", "Ask", ":material/chat:", "Questions in plain words, answered from the warehouse."),
    ("data", "Data", ":material/database:", "Tables, metric dictionary, refreshes, rejected rows and checks."),
)

st.set_page_config(page_title="Growth Ledger", page_icon="📈", layout="wide")
page = st.navigation(
    [st.Page(f"app/pages/{name}.py", title=title, icon=icon, help=text) for name, title, icon, text in PAGES],
    position="top",
)
st.session_state["path"] = f"./{page.url_path}"
if shell.pin_version():
    page.run()
