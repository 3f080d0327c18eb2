"""What is asked of the warehouse: SQL over the marts, one module per subject. No Streamlit in here.

Every function takes a `Snapshot` and returns a frame; a metric is what `meta.metrics` declares, a ratio the summed
numerator over the summed denominator.
"""
