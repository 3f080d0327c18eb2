"""Ask your data: a question becomes a metric query, the metric query SQL, and the result a sentence.

No number in an answer is written by a reader of the question, built in or model: all of them come from the warehouse.
"""
