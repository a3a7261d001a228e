-- `:Midspan …`: what can be asked and changed by hand. Each is a function of its arguments.

local server = require('midspan.server')

local M = {}

local function say(text)
  vim.notify('midspan: ' .. text)
end

-- Show lines in a window that `q` closes.
local function window(name, lines, filetype)
  vim.cmd('botright ' .. math.min(15, #lines + 1) .. 'new')
  vim.api.nvim_buf_set_lines(0, 0, -1, false, lines)
  vim.bo.buftype, vim.bo.bufhidden, vim.bo.swapfile, vim.bo.modifiable = 'nofile', 'wipe', false, false
  vim.bo.filetype = filetype or ''
  pcall(vim.api.nvim_buf_set_name, 0, name)
  vim.keymap.set('n', 'q', '<C-w>c', { buffer = true, nowait = true })
end

M.commands = {
  status = function()
    local client = server.client()
    if not client then
      return say('not attached to this buffer; `:checkhealth midspan` may say why')
    end
    local info = client.server_info or {}
    say(('%s %s, %s'):format(info.name or 'midspan', info.version or '', require('midspan').status()))
  end,
  pause = function()
    require('midspan').pause(true)
    say('paused; `:Midspan resume` goes on')
  end,
  resume = function()
    require('midspan').pause(false)
    server.execute({ title = 'Snooze', command = 'midspan.snooze', arguments = { 0 } })
  end,
  snooze = function(minutes)
    minutes = tonumber(minutes) or 30
    server.execute({ title = 'Snooze', command = 'midspan.snooze', arguments = { minutes } })
    say(('nothing is proposed while you type, for %d minutes'):format(minutes))
  end,
  why = function()
    server.why(function(why)
      window('midspan-why', why and why.why or { 'Nothing was asked for in this buffer yet.' })
    end)
  end,
  panel = function()
    local target, line = vim.api.nvim_get_current_win(), vim.api.nvim_get_current_line()
    local asked = server.ask_for_panel(function(items)
      if #items == 0 then
        return say('there is nothing to propose here; `:Midspan why` says why')
      end
      local lines, starts = {}, {}
      for number, item in ipairs(items) do
        lines[#lines + 1] = ('── %d ──'):format(number)
        starts[#starts + 1] = #lines
        vim.list_extend(lines, vim.split(item.insertText, '\r?\n'))
      end
      local filetype = vim.bo.filetype
      window('midspan-panel', lines, filetype)
      vim.keymap.set('n', '<CR>', function()
        local row, chosen = vim.api.nvim_win_get_cursor(0)[1], 1
        for number, start in ipairs(starts) do
          chosen = start <= row and number or chosen
        end
        vim.cmd('close')
        vim.api.nvim_set_current_win(target)
        if vim.api.nvim_get_current_line() ~= line then
          return say('the line has changed since')
        end
        local item = items[chosen]
        vim.lsp.util.apply_text_edits({ { range = item.range, newText = item.insertText } }, vim.api.nvim_get_current_buf(), 'utf-16')
        server.execute(item.command)
      end, { buffer = true, nowait = true })
    end)
    if not asked then
      say('not attached to this buffer')
    end
  end,
  model = function(name)
    if name then
      server.set({ host = { model = name } })
      return say('the model is now ' .. name .. ', until Neovim ends')
    end
    vim.system({ server.program(), 'models', 'list', '--json' }, { text = true }, vim.schedule_wrap(function(done)
      local ok, found = pcall(vim.json.decode, done.stdout or '')
      local names = {}
      for _, model in ipairs(ok and found.installed or {}) do
        names[#names + 1] = model.name
      end
      if #names == 0 then
        return say('no models are on this machine: `midspan models list` says which there are')
      end
      vim.ui.select(names, { prompt = 'Model' }, function(chosen)
        if chosen then
          M.commands.model(chosen)
        end
      end)
    end))
  end,
}

function M.run(arguments)
  local command = M.commands[arguments[1] or 'status']
  if not command then
    return vim.notify('midspan: there is no such command: ' .. arguments[1], vim.log.levels.ERROR)
  end
  command(unpack(arguments, 2))
end

function M.complete(lead)
  return vim.tbl_filter(function(name)
    return vim.startswith(name, lead)
  end, vim.fn.sort(vim.tbl_keys(M.commands)))
end

return M
