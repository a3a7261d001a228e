-- How Neovim 0.11 and later starts midspan: `vim.lsp.enable('midspan')` with this folder on the runtimepath.
-- No file types are named, so it attaches to every file; languages are switched off in midspan's own settings.
return {
  cmd = { 'midspan', '--stdio' },
  root_markers = { 'midspan.toml', '.git' },
}
