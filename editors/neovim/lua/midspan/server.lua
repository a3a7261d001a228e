-- The language server: which client it is, what it is asked and told.
-- Knows nothing of what is drawn.

local versions = require('midspan.versions')

local M = {}

M.INVOKED, M.AUTOMATIC = 1, 2
local METHOD = 'textDocument/inlineCompletion'
local cmd_010 ---@type string[]? what Neovim 0.10, which keeps no configurations, was told to start
local MOST_RESTARTS = 3
local n_restarts = 0

-- A server that ended badly is started again, at once: Neovim (0.10 to 0.12) no longer tells any server of changes to a
-- buffer that changed while it had none.
local function restart_with(start)
  return function(code, signal)
    if (code ~= 0 or signal ~= 0) and n_restarts < MOST_RESTARTS then
      n_restarts = n_restarts + 1
      vim.schedule(start)
    end
  end
end

-- What lsp/midspan.lua and `vim.lsp.enable` are to later versions.
local function enable_010(cmd, settings)
  local attach_all
  local config = dofile(vim.api.nvim_get_runtime_file('lsp/midspan.lua', false)[1])
  cmd_010 = cmd or config.cmd
  if vim.fn.executable(cmd_010[1]) ~= 1 then
    return vim.notify('midspan is not where it is looked for; see :checkhealth midspan', vim.log.levels.WARN)
  end
  local on_exit = restart_with(function()
    attach_all()
  end)
  -- By itself 0.10 would start a server for each file that is in no project.
  local function is_same(client, wanted)
    return client.name == wanted.name and client.config.root_dir == wanted.root_dir and not client.is_stopped()
  end
  local function attach(bufnr)
    if vim.bo[bufnr].buftype == '' then
      vim.lsp.start({
        name = 'midspan',
        cmd = cmd_010,
        settings = settings,
        root_dir = vim.fs.root(bufnr, config.root_markers),
        on_exit = on_exit,
      }, { bufnr = bufnr, reuse_client = is_same })
    end
  end
  function attach_all()
    vim.iter(vim.api.nvim_list_bufs()):filter(vim.api.nvim_buf_is_loaded):each(attach)
  end
  vim.api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile', 'FileType' }, {
    group = vim.api.nvim_create_augroup('midspan.attach', {}),
    callback = function(event)
      attach(event.buf)
    end,
  })
  if vim.v.vim_did_enter == 1 then
    attach_all()
  end
end

---Start the server with each file that is opened.
---@param cmd string[]? nil: as lsp/midspan.lua has it
---@param settings table?
function M.enable(cmd, settings)
  if not versions.HAS_011 then
    return enable_010(cmd, settings)
  end
  local function start()
    vim.lsp.enable('midspan')
  end
  vim.lsp.config('midspan', { cmd = cmd, settings = settings, on_exit = restart_with(start) })
  start()
end

---@return string the program that is the server
function M.program()
  local config = versions.HAS_011 and vim.lsp.config.midspan or { cmd = cmd_010 }
  return config.cmd and config.cmd[1] or 'midspan'
end

---@return vim.lsp.Client? client midspan's for a buffer (the current one)
function M.client(bufnr)
  return vim.lsp.get_clients({ bufnr = bufnr or 0, name = 'midspan' })[1]
end

---@return fun()? cancel nil if there is no server
local function request(method, params, answered)
  local bufnr, tick = vim.api.nvim_get_current_buf(), vim.b.changedtick
  local client = M.client(bufnr)
  if not client then
    return nil
  end
  local sent, id = versions.call(client, 'request', method, params, function(err, result)
    if vim.api.nvim_get_current_buf() == bufnr and vim.b.changedtick == tick and not err then
      answered((result or {}).items or {})
    end
  end, bufnr)
  if sent and id then
    return function()
      versions.call(client, 'cancel_request', id)
    end
  end
end

---Ask for proposals at the cursor; an answer for another text or cursor is dropped.
---@param trigger integer M.INVOKED or M.AUTOMATIC
---@param answered fun(items: table[])
---@return fun()? cancel nil if there is no server
function M.ask(trigger, answered)
  local params = vim.lsp.util.make_position_params(0, 'utf-16')
  params.context = { triggerKind = trigger }
  local cursor = vim.api.nvim_win_get_cursor(0)
  return request(METHOD, params, function(items)
    if vim.deep_equal(vim.api.nvim_win_get_cursor(0), cursor) then
      answered(items)
    end
  end)
end

---Ask for all that there is to choose from, at the cursor or, outside of insert mode, at the end of its line.
---@param answered fun(items: table[])
---@return fun()? cancel nil if there is no server
function M.ask_for_panel(answered)
  local params = vim.lsp.util.make_position_params(0, 'utf-16')
  if vim.api.nvim_get_mode().mode ~= 'i' then
    params.position.character = versions.utf16_length(vim.api.nvim_get_current_line())
  end
  return request('textDocument/copilotPanelCompletion', params, answered)
end

---Have the server execute one of its commands.
---@param command table an LSP Command
function M.execute(command)
  local client = M.client()
  if client then
    versions.call(client, 'request', 'workspace/executeCommand', { command = command.command, arguments = command.arguments })
  end
end

---Ask how the last answer in this buffer came about.
---@param answered fun(why: table?)
function M.why(answered)
  local client = M.client()
  if not client then
    return answered(nil)
  end
  local params = { textDocument = vim.lsp.util.make_text_document_params(0) }
  versions.call(client, 'request', 'midspan/why', params, function(_, result)
    answered(type(result) == 'table' and result or nil)
  end, 0)
end

---Change settings of the running server, as docs/configuration.md has them.
---@param changed table
function M.set(changed)
  for _, client in ipairs(vim.lsp.get_clients({ name = 'midspan' })) do
    client.settings = vim.tbl_deep_extend('force', client.settings or {}, { midspan = changed })
    versions.call(client, 'notify', 'workspace/didChangeConfiguration', { settings = client.settings })
  end
end

return M
