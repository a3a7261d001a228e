-- midspan in Neovim: ghost text from its language server.
--
-- Neovim 0.12 draws inline completions itself, and this only switches that on. For 0.11 it asks the server after a
-- short pause, and draws the answer (ghost.lua). It maps no keys.

local ghost = require('midspan.ghost')
local server = require('midspan.server')

local M = {}

local native = vim.lsp.inline_completion
local delay_ms = 75
local timer = assert(vim.uv.new_timer())
local call_off ---@type fun()? of the request that is under way
local is_paused = false

local function cancel()
  timer:stop()
  if call_off then
    call_off()
    call_off = nil
  end
end

local function is_inserting()
  return vim.api.nvim_get_mode().mode:sub(1, 1) == 'i'
end

---@param trigger integer
---@param then_do fun()? after the answer is shown
local function ask(trigger, then_do)
  cancel()
  call_off = server.ask(trigger, function(items)
    call_off = nil
    if is_inserting() then
      ghost.show(items)
      if then_do then
        then_do()
      end
    end
  end)
end

local function ask_soon()
  ghost.redraw()
  cancel()
  if is_paused then
    return
  end
  timer:start(delay_ms, 0, vim.schedule_wrap(function()
    if is_inserting() then
      ask(server.AUTOMATIC)
    end
  end))
end

---Ask now, with more time for the answer, and for several proposals.
function M.ask()
  if not native then
    ask(server.INVOKED)
  end
end

-- Neovim's own ghost text is taken by its own function, which may be told to take a part.
local function take_native(part)
  if part == 'all' then
    return native.get()
  end
  return native.get({
    on_accept = function(item)
      -- As in ghost.lua, but the item is Neovim's: its text from the cursor on.
      local row, column = unpack(vim.api.nvim_win_get_cursor(0))
      local text = type(item.insert_text) == 'table' and item.insert_text.value or item.insert_text
      local line = vim.api.nvim_get_current_line():sub(1, column)
      local rest = vim.startswith(text, line) and text:sub(#line + 1) or text
      local lines = vim.split(ghost.PART[part](rest), '\n')
      vim.api.nvim_buf_set_text(0, row - 1, column, row - 1, column, lines)
      local last = #lines == 1 and column + #lines[1] or #lines[#lines]
      vim.api.nvim_win_set_cursor(0, { row + #lines - 1, last })
    end,
  })
end

local function take(part)
  if native then
    return take_native(part)
  end
  local taken, command = ghost.take(part)
  if taken then
    cancel()
    if command then
      server.execute(command)
    end
  end
  return taken
end

---Put the ghost text into the buffer. Returns false if there is none, so that a key can do its ordinary work.
---@return boolean
function M.accept()
  return take('all')
end

---Put its next word into the buffer, with the white space before it; the rest stays on screen.
---@return boolean
function M.accept_word()
  return take('word')
end

---Put its next line into the buffer; the rest stays on screen.
---@return boolean
function M.accept_line()
  return take('line')
end

local function choose(by)
  if native then
    return native.select({ count = by })
  end
  if ghost.count() > 1 then
    return ghost.choose(by)
  end
  -- While typing one was asked for: now there is time for others.
  ask(server.INVOKED, function()
    ghost.choose(by)
  end)
end

---Show the next proposal; the first time, others are asked for.
function M.next()
  choose(1)
end

---Show the proposal before.
function M.previous()
  choose(-1)
end

---Put the ghost text away. midspan does not offer it again at this place.
function M.dismiss()
  local command = ghost.command()
  cancel()
  ghost.show({})
  if command then
    server.execute({ title = 'Rejected', command = 'midspan.rejected', arguments = command.arguments })
  end
end

local function leave()
  cancel()
  ghost.show({})
end

---Propose nothing from now on, or go on.
---@param paused boolean? nil: the other one of the two
function M.pause(paused)
  if paused == nil then
    paused = not is_paused
  end
  is_paused = paused
  if native then
    native.enable(not paused)
  elseif paused then
    leave()
  end
end

---One word for the statusline: nothing where midspan is not attached.
---@return string
function M.status()
  if not server.client() then
    return ''
  end
  return is_paused and 'midspan paused' or call_off and 'midspan …' or 'midspan'
end

---@param options { cmd: string[]?, delay_ms: integer?, settings: table? }?
function M.setup(options)
  options = options or {}
  delay_ms = options.delay_ms or delay_ms
  local settings = options.settings and { midspan = options.settings }
  vim.lsp.config('midspan', { cmd = options.cmd, settings = settings })
  vim.lsp.enable('midspan')
  if native then
    native.enable()
    return
  end
  vim.api.nvim_set_hl(0, 'MidspanGhost', { default = true, link = 'NonText' })
  vim.api.nvim_set_hl(0, 'MidspanCount', { default = true, link = 'MidspanGhost' })
  local group = vim.api.nvim_create_augroup('midspan', {})
  vim.api.nvim_create_autocmd({ 'InsertEnter', 'TextChangedI' }, { group = group, callback = ask_soon })
  vim.api.nvim_create_autocmd({ 'CursorMovedI', 'TextChangedP' }, { group = group, callback = ghost.redraw })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, { group = group, callback = leave })
end

return M
