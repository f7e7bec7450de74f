--- The server's last words, for who looks for a reason.

local M = {}

local MAX_LINES = 500
local KINDS = { 'error', 'warning', 'info', 'log', 'debug' }

local lines = {} ---@type string[]

--- A line of our own.
---@param text string
function M.note(text)
  for line in vim.gsplit(text, '\n', { plain = true }) do
    table.insert(lines, os.date('%H:%M:%S ') .. line)
  end
  while #lines > MAX_LINES do
    table.remove(lines, 1)
  end
end

--- The handler of window/logMessage. It adds what is worse than a note to Neovim's own log too.
function M.add(err, result, context)
  M.note(('%s: %s'):format(KINDS[result.type] or '?', result.message))
  local handler = vim.lsp.handlers['window/logMessage']
  return handler and handler(err, result, context)
end

---@return string[]
function M.lines()
  return lines
end

--- Show the lines in a window of their own.
function M.open()
  local bufnr = vim.api.nvim_create_buf(false, true)
  local shown =
    vim.list_extend({ 'What fimble said since Neovim started. What it wrote to stderr is in', M.file(), '' }, lines)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, shown)
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].modifiable = false
  vim.cmd.split()
  vim.api.nvim_win_set_buf(0, bufnr)
  vim.api.nvim_win_set_cursor(0, { #shown, 0 })
end

--- Neovim's log of all language servers.
---@return string
function M.file()
  return vim.lsp.log.get_filename()
end

return M
