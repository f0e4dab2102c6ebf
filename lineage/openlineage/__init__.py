"""The OpenLineage server: events are stored as they came, then projected into jobs, runs, datasets and edges."""
