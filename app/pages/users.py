"""Users: the people behind the figures, and each one's history."""

import streamlit as st

from app.components import people, shell

page = shell.begin("Users", "The people behind the figures, and each one's history.")

if user_id := st.query_params.get("user"):
    people.one_user(page, user_id)
else:
    people.listing(page)
