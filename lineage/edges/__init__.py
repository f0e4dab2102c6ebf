"""Edges with a life: how they are observed, derived, drawn by hand, cleaned up, and what was there on a day."""
