"""Tasks whose answers use what another file of the same repository defines, cut from published packages."""
