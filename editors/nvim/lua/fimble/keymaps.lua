--- Keys, for who asks for them. A key that has nothing to do here does what it did before.

local M = {}

M.DEFAULTS = {
  accept = '<Tab>',
  accept_word = '<M-Right>',
  accept_line = '<M-C-Right>',
  next = '<M-]>',
  previous = '<M-[>',
  dismiss = '<C-]>',
  suggest = '<M-\\>',
}

local MEANINGS = {
  accept = 'Accept the suggestion',
  accept_word = 'Accept the next word of the suggestion',
  accept_line = 'Accept the line of the suggestion',
  next = 'Next suggestion',
  previous = 'Suggestion before',
  dismiss = 'Hide the suggestion',
  suggest = 'Ask for suggestions',
}

--- Actions that say whether there was anything to do.
local FALLS_THROUGH = { accept = true, accept_word = true, accept_line = true, dismiss = true }

--- What is wrong in {keymaps}, a sentence each.
---@param keymaps table
---@return string[]
function M.problems_of(keymaps)
  local problems = {}
  for name, key in vim.spairs(keymaps) do
    if not M.DEFAULTS[name] then
      local known = table.concat(vim.fn.sort(vim.tbl_keys(M.DEFAULTS)), ', ')
      table.insert(problems, ('keymaps.%s is no action; there are %s'):format(name, known))
    elseif key ~= false and type(key) ~= 'string' then
      table.insert(problems, ('keymaps.%s: expected string or false, got %s'):format(name, type(key)))
    end
  end
  return problems
end

--- The keys that {keymaps} means.
---@param keymaps boolean|table<string, string|false>
---@return table<string, string>
function M.keys(keymaps)
  local keys = {}
  if keymaps then
    for name, default in pairs(M.DEFAULTS) do
      local key = type(keymaps) == 'table' and keymaps[name]
      if key == nil or key == true or (key == false and type(keymaps) ~= 'table') then
        key = default
      end
      if type(key) == 'string' then
        keys[name] = key
      end
    end
  end
  return keys
end

local function press(keys, is_mapped)
  vim.api.nvim_feedkeys(vim.keycode(keys), is_mapped and 'im' or 'in', false)
end

--- What {key} did before, to be done where there is nothing for us to do.
---@return fun()
local function before(key)
  local mapping = vim.fn.maparg(key, 'i', false, true)
  if vim.tbl_isempty(mapping) or mapping.buffer == 1 then
    return function()
      press(key)
    end
  end
  local is_mapped = mapping.noremap == 0 and mapping.rhs ~= key
  return function()
    local keys = mapping.rhs
    if mapping.callback then
      keys = mapping.callback()
    elseif mapping.expr == 1 then
      keys = vim.api.nvim_eval(mapping.rhs)
    end
    if keys and (mapping.expr == 1 or not mapping.callback) then
      press(keys, is_mapped)
    end
  end
end

--- Whether the person is in Neovim's popup and has chosen an entry: keys are its own then.
local function is_choosing()
  return vim.fn.pumvisible() == 1 and vim.fn.complete_info({ 'selected' }).selected ~= -1
end

--- Map the keys that {keymaps} means, in insert mode. They are no `expr` mappings, as Neovim looks for those before
--- it has put in the letters that were typed before them.
---@param keymaps boolean|table<string, string|false>
function M.set(keymaps)
  for name, key in pairs(M.keys(keymaps)) do
    local is_ours = vim.fn.maparg(key, 'i', false, true).desc == 'fimble: ' .. MEANINGS[name]
    if not is_ours then
      local fall_through = before(key)
      vim.keymap.set('i', key, function()
        local was_done = not is_choosing() and require('fimble')[name]()
        if is_choosing() or (FALLS_THROUGH[name] and not was_done) then
          fall_through()
        end
      end, { desc = 'fimble: ' .. MEANINGS[name] })
    end
  end
end

return M
