"""Backups: one file with every row, the keys and the files of a portal, readable on SQLite and PostgreSQL alike."""
