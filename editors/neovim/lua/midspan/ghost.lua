-- Ghost text: which item is on screen, drawing it, taking it.
-- Knows buffers and the cursor; nothing of language servers.

local versions = require('midspan.versions')

local M = {}

M.namespace = vim.api.nvim_create_namespace('midspan')

local items = {} ---@type table[] what there is to choose from
local index = 0 -- which of them is on screen, 0 for none

---Keep what is needed to draw and apply an item later, in bytes: what the user types on moves the cursor only.
---@param item table an LSP InlineCompletionItem for the current buffer and cursor
local function remembered(item)
  local bufnr = vim.api.nvim_get_current_buf()
  local row, column = item.range.start.line, vim.api.nvim_win_get_cursor(0)[2]
  local line = vim.api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ''
  local function byte(position)
    return versions.utf16_byte(line, position.character)
  end
  return {
    bufnr = bufnr,
    command = item.command,
    row = row,
    start = byte(item.range.start),
    covered = line:sub(column + 1, byte(item.range['end'])),
    after = line:sub(column + 1),
    lines = vim.split(item.insertText, '\r?\n'),
  }
end

-- What of the item is not there yet, as lines; nil if it does not fit what stands at the cursor now.
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
  for at = 2, #rest do
    below[#below + 1] = { { rest[at], 'MidspanGhost' } }
  end
  local text = { { first, 'MidspanGhost' } }
  if #items > 1 then
    text[2] = { ('  %d/%d'):format(index, #items), 'MidspanCount' }
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  vim.api.nvim_buf_set_extmark(item.bufnr, M.namespace, row - 1, column, {
    virt_text = text,
    virt_text_pos = position,
    virt_lines = below,
  })
end

local function clear()
  for _, item in ipairs(items) do
    if vim.api.nvim_buf_is_valid(item.bufnr) then
      vim.api.nvim_buf_clear_namespace(item.bufnr, M.namespace, 0, -1)
    end
  end
end

---Draw what is on screen anew, as far as it is not there yet; what no longer fits is forgotten.
function M.redraw()
  clear()
  local item = items[index]
  local rest = item and rest_of(item)
  if rest then
    draw(item, rest)
  else
    items, index = {}, 0
  end
end

---Show the first of some items, or nothing.
---@param found table[] LSP InlineCompletionItems for the current buffer and cursor
function M.show(found)
  clear()
  items = vim.tbl_map(remembered, found)
  index = #items > 0 and 1 or 0
  M.redraw()
end

---@return integer how many there are to choose from
function M.count()
  return #items
end

---Show another one.
---@param by integer 1 for the next, -1 for the one before
function M.choose(by)
  if index > 0 then
    clear()
    index = (index - 1 + by) % #items + 1
    M.redraw()
  end
end

---@return table? the command of what is on screen
function M.command()
  return items[index] and items[index].command
end

-- How much of the rest is taken at once: its next word, with white space before it; its next line; or all.
M.PART = {
  word = function(text)
    return text:match('^%s*[%w_\128-\255]+') or text:match('^%s*[^%w_%s\128-\255]+') or text
  end,
  line = function(text)
    return text:match('^\n?[^\n]*')
  end,
  all = function(text)
    return text
  end,
}

---Put what is on screen into the buffer, or a part of it; the rest stays on screen.
---@param part 'all' | 'line' | 'word'
---@return boolean taken false if there is none
---@return table? command what to execute, once all is taken
function M.take(part)
  local item = items[index]
  local rest = item and rest_of(item)
  if not item or not rest then
    return false
  end
  local text = table.concat(rest, '\n')
  local taken = vim.split(M.PART[part](text), '\n')
  local is_first_line_whole = #taken > 1 or #taken[1] == #rest[1]
  local covered = is_first_line_whole and item.covered or ''
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  vim.bo.undolevels = vim.bo.undolevels -- undo stops here, at what the user typed
  vim.api.nvim_buf_set_text(item.bufnr, row - 1, column, row - 1, column + #covered, taken)
  local last = #taken == 1 and column + #taken[1] or #taken[#taken]
  vim.api.nvim_win_set_cursor(0, { row + #taken - 1, last })
  if covered ~= '' then
    item.after, item.covered = item.after:sub(#covered + 1), ''
  end
  if #taken > 1 then
    item.row, item.start, item.lines = item.row + #taken - 1, 0, vim.list_slice(item.lines, #taken)
  end
  items, index = { item }, 1
  if #table.concat(taken, '\n') < #text then
    M.redraw()
    return true
  end
  M.show({})
  return true, item.command
end

return M
