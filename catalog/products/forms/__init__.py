"""Forms about products, ports and batches."""
