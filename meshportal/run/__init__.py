"""Running the portal from a working copy. Standard library only: it runs before anything is installed."""
