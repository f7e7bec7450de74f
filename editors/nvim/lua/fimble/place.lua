--- Where the cursor is in a buffer, and what was typed between two such places.

local M = {}

---@class fimble.Place
---@field row integer From 0.
---@field col integer In bytes, from 0.
---@field before string The line left of the cursor.
---@field after string The line right of it.
---@field num_lines integer

---@param bufnr integer
---@return integer? window The window that {bufnr} is edited in.
function M.window(bufnr)
  local window = vim.api.nvim_get_current_win()
  if vim.api.nvim_win_get_buf(window) ~= bufnr then
    window = vim.fn.bufwinid(bufnr)
  end
  return window ~= -1 and window or nil
end

---@param bufnr integer
---@return fimble.Place?
function M.here(bufnr)
  local window = M.window(bufnr)
  if not window then
    return nil
  end
  local row, col = unpack(vim.api.nvim_win_get_cursor(window))
  local line = vim.api.nvim_buf_get_lines(bufnr, row - 1, row, false)[1] or ''
  return {
    row = row - 1,
    col = col,
    before = line:sub(1, col),
    after = line:sub(col + 1),
    num_lines = vim.api.nvim_buf_line_count(bufnr),
  }
end

--- The text between {from} and {to}, if typing it is all that happened in these lines since then.
---@param bufnr integer
---@param from fimble.Place
---@param to? fimble.Place
---@return string?
function M.typed(bufnr, from, to)
  if not to or to.row < from.row or to.after ~= from.after or to.num_lines - from.num_lines ~= to.row - from.row then
    return nil
  end
  local first = vim.api.nvim_buf_get_lines(bufnr, from.row, from.row + 1, false)[1] or ''
  local is_behind = to.row > from.row or to.col >= from.col
  if not is_behind or not vim.startswith(first, from.before) then
    return nil
  end
  return table.concat(vim.api.nvim_buf_get_text(bufnr, from.row, from.col, to.row, to.col, {}), '\n')
end

return M
