--- Where the server is.

local options = require('fimble.options')

local M = {}

local ARGUMENTS = { 'serve', '--stdio' }

--- fimble in the checkout that this plugin lies in, if `make setup` was run there.
---@return string?
local function beside()
  local here = debug.getinfo(1, 'S').source:sub(2)
  here = vim.uv.fs_realpath(here) or here -- plugin folders are often links
  local root = vim.fn.fnamemodify(here, ':p:h:h:h:h:h')
  for _, path in ipairs({ '/.venv/bin/fimble', '/.venv/Scripts/fimble.exe' }) do
    if vim.fn.executable(root .. path) == 1 then
      return root .. path
    end
  end
end

--- The command that starts the server: the option, else what is on the path, else the checkout's own.
---@return string[]
function M.command()
  local given = options.get().cmd
  if given then
    return given
  end
  local found = vim.fn.executable('fimble') == 1 and 'fimble' or beside() or 'fimble'
  return { found, unpack(ARGUMENTS) }
end

--- What a person has to know where {command} cannot be started.
---@param command string[]
---@return string?
function M.why_not(command)
  if vim.fn.executable(command[1]) == 1 then
    return nil
  end
  return ('the server %s was not found. Install fimble, or give its whole path: '):format(vim.inspect(command[1]))
    .. "require('fimble').setup({ cmd = { '/path/to/fimble', 'serve', '--stdio' } }). :checkhealth fimble says more."
end

return M
