"""What a change reaches and where trouble comes from: walks over all edges in force, of ports and of columns."""
