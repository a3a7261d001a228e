-- What Neovim 0.10 calls otherwise than later versions do.

local M = {}

M.HAS_011 = vim.fn.has('nvim-0.11') == 1

---Call a function of a language client, to which 0.10 does not give the client.
---@param client vim.lsp.Client
---@param name string
function M.call(client, name, ...)
  if M.HAS_011 then
    return client[name](client, ...)
  end
  return client[name](...)
end

---@param line string
---@return integer units how many UTF-16 units it has
function M.utf16_length(line)
  if M.HAS_011 then
    return vim.str_utfindex(line, 'utf-16')
  end
  local _, units = vim.str_utfindex(line)
  return units
end

---@param line string
---@param units integer UTF-16 units, which may be more than the line has
---@return integer byte where they end
function M.utf16_byte(line, units)
  if M.HAS_011 then
    return vim.str_byteindex(line, 'utf-16', units, false)
  end
  return vim.str_byteindex(line, math.min(units, M.utf16_length(line)), true)
end

return M
