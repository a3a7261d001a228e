-- `:checkhealth midspan`

local M = {}

function M.check()
  local health = vim.health
  health.start('midspan')
  if vim.fn.has('nvim-0.10') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim 0.10 or later is needed')
  end
  local program = require('midspan.server').program()
  if vim.fn.executable(program) ~= 1 then
    return health.error('`' .. program .. '` is not a program', 'Give its path: require("midspan").setup({cmd = {"/path/to/midspan", "--stdio"}})')
  end
  health.ok('program: ' .. vim.fn.exepath(program))
  local clients = vim.lsp.get_clients({ name = 'midspan' })
  if #clients == 0 then
    health.warn('not running', 'Open a file. `:lua =vim.lsp.log.get_filename()` is where Neovim says why a server does not start.')
  else
    local buffers = vim.tbl_count(clients[1].attached_buffers)
    health.ok(('running, attached to %d %s'):format(buffers, buffers == 1 and 'buffer' or 'buffers'))
  end
  local done = vim.system({ program, 'doctor', '--json' }, { text = true, timeout = 20000 }):wait()
  local ok, found = pcall(vim.json.decode, done.stdout or '')
  if not ok then
    return health.error('`midspan doctor` does not work: ' .. vim.trim(done.stderr or ''))
  end
  for _, check in ipairs(found.checks) do
    local tell = check.status == 'ok' and health.ok or check.status == 'warning' and health.warn or health.error
    tell(check.name .. ': ' .. check.detail, check.fix ~= vim.NIL and check.fix ~= '' and check.fix or nil)
  end
end

return M
