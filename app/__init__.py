"""Everything that reads: the dashboard over the published warehouse."""
