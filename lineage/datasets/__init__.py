"""Which dataset is which: names as outside documents write them, other names of the same thing, merges, quarantine."""
