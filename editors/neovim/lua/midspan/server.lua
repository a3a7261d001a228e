-- The language server: which client it is, what it is asked and told.
-- Knows nothing of what is drawn.

local M = {}

M.INVOKED, M.AUTOMATIC = 1, 2
local METHOD = 'textDocument/inlineCompletion'

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
  local sent, id = client:request(method, params, function(err, result)
    if vim.api.nvim_get_current_buf() == bufnr and vim.b.changedtick == tick and not err then
      answered((result or {}).items or {})
    end
  end, bufnr)
  if sent and id then
    return function()
      client:cancel_request(id)
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
    params.position.character = vim.str_utfindex(vim.api.nvim_get_current_line(), 'utf-16')
  end
  return request('textDocument/copilotPanelCompletion', params, answered)
end

---Have the server execute one of its commands.
---@param command table an LSP Command
function M.execute(command)
  local client = M.client()
  if client then
    client:exec_cmd(command, { bufnr = vim.api.nvim_get_current_buf() })
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
  client:request('midspan/why', params, function(_, result)
    answered(type(result) == 'table' and result or nil)
  end, 0)
end

---Change settings of the running server, as docs/configuration.md has them.
---@param changed table
function M.set(changed)
  for _, client in ipairs(vim.lsp.get_clients({ name = 'midspan' })) do
    client.settings = vim.tbl_deep_extend('force', client.settings or {}, { midspan = changed })
    client:notify('workspace/didChangeConfiguration', { settings = client.settings })
  end
end

return M
