"""Where snippets come from: one module for each source, all with the same function ``candidates``."""
