"""Models on this machine: which there are, where they came from, and how they get here (no torch)."""
