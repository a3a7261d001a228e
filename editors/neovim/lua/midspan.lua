-- Ghost text from midspan in Neovim.
--
-- Neovim 0.12 draws inline completions itself and this file only switches that on. For 0.11 it asks the language
-- server after a short pause, draws the answer with extmarks and applies it. It maps no keys.
-- It does not know how proposals are made, nor where the server comes from: see lsp/midspan.lua.

local M = {}

local METHOD = 'textDocument/inlineCompletion'
local INVOKED, AUTOMATIC = 1, 2
local namespace = vim.api.nvim_create_namespace('midspan')
local native = vim.lsp.inline_completion ~= nil

local delay_ms = 75
local timer = assert(vim.uv.new_timer())
local asked ---@type { client: vim.lsp.Client, id: integer }? the request that is under way
local shown ---@type table? the item on the screen: see remember()

---@return vim.lsp.Client?
local function client_of(bufnr)
  return vim.lsp.get_clients({ bufnr = bufnr, name = 'midspan', method = METHOD })[1]
end

local function call_off()
  timer:stop()
  if asked then
    asked.client:cancel_request(asked.id)
    asked = nil
  end
end

-- Keeps what is needed to draw and apply the item later, in bytes: what the user types on moves the cursor only.
local function remember(item, bufnr, client)
  local row, column = item.range.start.line, vim.api.nvim_win_get_cursor(0)[2]
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ''
  local function byte(position)
    return vim.str_byteindex(line, 'utf-16', position.character, false)
  end
  return {
    bufnr = bufnr,
    client = client,
    command = item.command,
    row = row,
    start = byte(item.range.start),
    covered = line:sub(column + 1, byte(item.range['end'])),
    after = line:sub(column + 1),
    lines = vim.split(item.insertText, '\r?\n'),
  }
end

-- What of the item is not typed yet, as lines; nil if it does not fit what stands at the cursor now.
local function rest_of(item)
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  if vim.api.nvim_get_current_buf() ~= item.bufnr or row - 1 ~= item.row or column < item.start then
    return nil
  end
  local line = vim.api.nvim_get_current_line()
  local typed = line:sub(item.start + 1, column)
  local first = item.lines[1]
  if line:sub(column + 1) ~= item.after or not vim.startswith(first, typed) then
    return nil
  end
  if #item.lines == 1 and #first - #typed <= #item.covered then
    return nil
  end
  return { first:sub(#typed + 1), unpack(item.lines, 2) }
end

local function draw(item, rest)
  local first, below = rest[1], {}
  -- Covered text stays visible where it closes the line; elsewhere the item is drawn over it.
  local position = 'inline'
  if #rest == 1 and vim.endswith(first, item.covered) then
    first = first:sub(1, #first - #item.covered)
  elseif item.covered ~= '' then
    position = 'overlay'
  end
  for index = 2, #rest do
    below[#below + 1] = { { rest[index], 'MidspanGhost' } }
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  vim.api.nvim_buf_set_extmark(item.bufnr, namespace, row - 1, column, {
    virt_text = { { first, 'MidspanGhost' } },
    virt_text_pos = position,
    virt_lines = below,
  })
end

-- Shows the item as far as it is not typed yet; nothing if it is nil or no longer fits.
local function show(item)
  if shown then
    vim.api.nvim_buf_clear_namespace(shown.bufnr, namespace, 0, -1)
  end
  local rest = item and rest_of(item)
  shown = rest and item or nil
  if rest then
    draw(item, rest)
  end
end

local function redraw()
  show(shown)
end

local function inserting()
  return vim.api.nvim_get_mode().mode:sub(1, 1) == 'i'
end

local function ask(trigger)
  call_off()
  local bufnr = vim.api.nvim_get_current_buf()
  local client = client_of(bufnr)
  if not client then
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  params.context = { triggerKind = trigger }
  local tick, cursor = vim.b.changedtick, vim.api.nvim_win_get_cursor(0)
  local sent, id
  sent, id = client:request(METHOD, params, function(err, result)
    if asked and asked.id == id then
      asked = nil
    end
    local same = vim.api.nvim_get_current_buf() == bufnr
      and vim.b.changedtick == tick
      and vim.deep_equal(vim.api.nvim_win_get_cursor(0), cursor)
    if same and inserting() and not err then
      local item = ((result or {}).items or {})[1]
      show(item and remember(item, bufnr, client))
    end
  end, bufnr)
  asked = sent and id and { client = client, id = id } or nil
end

local function ask_soon()
  redraw()
  call_off()
  timer:start(delay_ms, 0, vim.schedule_wrap(function()
    if inserting() then
      ask(AUTOMATIC)
    end
  end))
end

---Ask now, with more time for the answer than while typing. (Neovim 0.12 asks by itself only.)
function M.ask()
  if not native then
    ask(INVOKED)
  end
end

---Put the ghost text into the buffer. Returns false if there is none, so that a key can do its ordinary work.
---@return boolean
function M.accept()
  if native then
    return vim.lsp.inline_completion.get()
  end
  local item = shown
  local rest = item and rest_of(item)
  if not item or not rest then
    return false
  end
  local column = vim.api.nvim_win_get_cursor(0)[2]
  vim.bo.undolevels = vim.bo.undolevels -- undo stops here, at what the user typed
  vim.api.nvim_buf_set_text(item.bufnr, item.row, item.start, item.row, column + #item.covered, item.lines)
  local last = item.lines[#item.lines]
  local before = #item.lines == 1 and item.start or 0
  vim.api.nvim_win_set_cursor(0, { item.row + #item.lines, before + #last })
  M.dismiss()
  if item.command then
    item.client:exec_cmd(item.command, { bufnr = item.bufnr })
  end
  return true
end

---Take the ghost text off the screen and call off what is under way.
function M.dismiss()
  call_off()
  show(nil)
end

---@param options { cmd: string[]?, delay_ms: integer?, settings: table? }?
function M.setup(options)
  options = options or {}
  delay_ms = options.delay_ms or delay_ms
  local settings = options.settings and { midspan = options.settings }
  vim.lsp.config('midspan', { cmd = options.cmd, settings = settings })
  vim.lsp.enable('midspan')
  if native then
    vim.lsp.inline_completion.enable()
    return
  end
  vim.api.nvim_set_hl(0, 'MidspanGhost', { default = true, link = 'NonText' })
  local group = vim.api.nvim_create_augroup('midspan', {})
  vim.api.nvim_create_autocmd({ 'InsertEnter', 'TextChangedI' }, { group = group, callback = ask_soon })
  vim.api.nvim_create_autocmd({ 'CursorMovedI', 'TextChangedP' }, { group = group, callback = redraw })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, { group = group, callback = M.dismiss })
end

return M
