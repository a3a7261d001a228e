-- midspan in Neovim: ghost text from its language server.
--
-- It asks the server at each key, and draws the answer (ghost.lua), in the same way in Neovim 0.10 and later:
-- the ghost text that 0.12 has built in doubles what is typed between its answer and accepting it, and can neither be
-- taken in parts nor rejected. It maps no keys.

local ghost = require('midspan.ghost')
local server = require('midspan.server')

local M = {}

local call_off ---@type fun()? of the request that is under way
local is_paused = false

local function cancel()
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

-- Neovim 0.12 draws by itself, where the user has switched that on: one ghost text is enough.
local function is_drawn_by_neovim()
  local built_in = vim.lsp.inline_completion
  return built_in and built_in.is_enabled({ bufnr = 0 })
end

local function ask_soon()
  ghost.redraw()
  cancel()
  if is_paused or is_drawn_by_neovim() then
    return
  end
  -- No pause: midspan itself waits where another key is sure to come first. Scheduled, since InsertEnter comes before.
  vim.schedule(function()
    if is_inserting() then
      ask(server.AUTOMATIC)
    end
  end)
end

---Ask now, with more time for the answer, and for several proposals.
function M.ask()
  ask(server.INVOKED)
end

local function take(part)
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
  if paused then
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

---@param options { cmd: string[]?, settings: table? }?
function M.setup(options)
  options = options or {}
  server.enable(options.cmd, options.settings and { midspan = options.settings })
  vim.api.nvim_set_hl(0, 'MidspanGhost', { default = true, link = 'NonText' })
  vim.api.nvim_set_hl(0, 'MidspanCount', { default = true, link = 'MidspanGhost' })
  local group = vim.api.nvim_create_augroup('midspan', {})
  vim.api.nvim_create_autocmd({ 'InsertEnter', 'TextChangedI' }, { group = group, callback = ask_soon })
  vim.api.nvim_create_autocmd({ 'CursorMovedI', 'TextChangedP' }, { group = group, callback = ghost.redraw })
  vim.api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, { group = group, callback = leave })
end

return M
