--- Runs `fimble train` for a project in a terminal of Neovim's: its progress is seen, and CTRL-C stops it.

local options = require('fimble.options')
local program = require('fimble.program')

local M = {}

--- The server's command without what makes a server of it.
---@return string[]
local function words()
  local found = {}
  for _, word in ipairs(program.command()) do
    if word == 'serve' then
      break
    end
    table.insert(found, word)
  end
  return found
end

--- The server's options as variables: what is private to the server is not learned either. And what cannot be told so.
---@return table<string, string> variables
---@return string? problem
local function variables()
  local given = options.get()
  local wanted = vim.deepcopy(given.options)
  wanted.disabled_paths = vim.list_extend(vim.deepcopy(given.disabled_paths), wanted.disabled_paths or {})
  local divider = vim.fn.has('win32') == 1 and ';' or ':'
  local found, problem = {}, nil
  for name, value in pairs(wanted) do
    for _, part in ipairs(type(value) == 'table' and value or {}) do
      if tostring(part):find(divider, 1, true) then
        problem = ('%s has "%s", and "%s" divides its parts in a command; write it into a .fimbleignore file'):format(
          name,
          part,
          divider
        )
      end
    end
    if type(value) ~= 'table' then
      found['FIMBLE_' .. name:upper()] = tostring(value)
    elseif #value > 0 then
      found['FIMBLE_' .. name:upper()] = table.concat(value, divider)
    end
  end
  return found, problem
end

--- Train on {root}, or on the project of the current buffer.
---@param arguments? string[] More of them for `fimble train`, such as `--minutes 30`.
---@param root? string
function M.train(arguments, root)
  local command = words()
  local env, problem = variables()
  problem = program.why_not(command) or problem
  if problem then
    options.complain(problem)
    return
  end
  root = root or require('fimble.client').root_of(vim.api.nvim_get_current_buf()) or vim.fn.getcwd()
  vim.cmd('botright new')
  vim.list_extend(command, { 'train', root })
  vim.list_extend(command, arguments or {})
  vim.fn.jobstart(command, { term = true, cwd = root, env = env })
  vim.api.nvim_buf_set_name(0, 'fimble train ' .. root .. ' ' .. vim.api.nvim_get_current_buf())
  vim.cmd.startinsert()
end

return M
