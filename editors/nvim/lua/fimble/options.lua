--- The options of setup(): defaults, and a word about each that is wrong.

local M = {}

---@class fimble.Options
---@field cmd? string[] The server and its arguments; found by itself if left out.
---@field filetypes? string[] Where it runs; everywhere if left out.
---@field enabled boolean Whether it suggests from the start.
---@field disabled_languages string[] Languages without suggestions.
---@field disabled_paths string[] Patterns as in .gitignore, of files that are never read.
---@field keymaps boolean|table<string, string|false> False: none; true: the defaults; a table changes some of them.
---@field popup boolean Neovim 0.11 only: whether suggestions go into Neovim's own completion popup.
---@field options table<string, any> Options of the server, by their names in fimble.toml.

---@type fimble.Options
local defaults = {
  enabled = true,
  disabled_languages = {},
  disabled_paths = {},
  keymaps = false,
  popup = true,
  options = {},
}

local KINDS = {
  cmd = 'list',
  filetypes = 'list',
  enabled = 'boolean',
  disabled_languages = 'list',
  disabled_paths = 'list',
  keymaps = 'boolean or table',
  popup = 'boolean',
  options = 'table',
}

local EXPECTED = { list = 'list of strings' }

local current = vim.deepcopy(defaults)

local function is_list(value)
  return vim.islist(value) and vim.iter(value):all(function(part)
    return type(part) == 'string'
  end)
end

local function is_of(kind, value)
  if kind == 'list' then
    return type(value) == 'table' and is_list(value)
  end
  return vim.list_contains(vim.split(kind, ' or '), type(value))
end

--- Say what is wrong; where editing has not begun yet, afterwards.
---@param message string
function M.complain(message)
  vim.schedule(function()
    vim.notify('fimble: ' .. message, vim.log.levels.ERROR)
  end)
end

--- What is wrong in {given}, a sentence each.
---@param given table
---@return string[]
local function problems_of(given)
  local problems = {}
  for name, value in vim.spairs(given) do
    local kind = KINDS[name]
    if not kind then
      local known = table.concat(vim.fn.sort(vim.tbl_keys(KINDS)), ', ')
      table.insert(problems, ('%s is not an option; there are %s'):format(name, known))
    elseif not is_of(kind, value) then
      local got = type(value) == 'table' and 'another table' or type(value)
      table.insert(problems, ('%s: expected %s, got %s'):format(name, EXPECTED[kind] or kind, got))
    elseif name == 'cmd' and #value == 0 then
      table.insert(problems, 'cmd: expected the server and its arguments, got nothing')
    elseif name == 'keymaps' and type(value) == 'table' then
      vim.list_extend(problems, require('fimble.keymaps').problems_of(value))
    end
  end
  return problems
end

--- Lay {given} over the defaults. What is wrong is told, and the default stays.
---@param given? table
function M.set(given)
  current = vim.deepcopy(defaults)
  if given ~= nil and type(given) ~= 'table' then
    M.complain(('setup: expected table, got %s; the defaults are used.'):format(type(given)))
    return
  end
  local problems = problems_of(given or {})
  for name, value in pairs(given or {}) do
    if KINDS[name] and is_of(KINDS[name], value) and not (name == 'cmd' and #value == 0) then
      current[name] = vim.deepcopy(value)
    end
  end
  if #problems > 0 then
    M.complain('setup: ' .. table.concat(problems, '; ') .. '. That is ignored.')
  end
  require('fimble.switches').reset()
end

---@return fimble.Options
function M.get()
  return current
end

return M
