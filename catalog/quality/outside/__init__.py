"""Results of other tools: read from their own files, placed on ports, recorded as results of checks."""
