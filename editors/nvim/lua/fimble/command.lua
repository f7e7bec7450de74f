--- :Fimble and its words.

local M = {}

local function fimble()
  return require('fimble')
end

---@type table<string, fun(word?: string)>
local ACTIONS = {
  enable = function()
    fimble().enable()
  end,
  disable = function()
    fimble().disable()
  end,
  toggle = function()
    fimble().toggle()
  end,
  language = function(name)
    require('fimble.switches').toggle_language(name)
  end,
  buffer = function()
    require('fimble.switches').toggle_buffer()
  end,
  snooze = function(word)
    local minutes = tonumber(word or 10)
    if minutes and minutes >= 0 and minutes < 24 * 60 then
      fimble().snooze(minutes)
    else
      vim.notify('fimble: snooze takes minutes, up to a day, not ' .. word, vim.log.levels.ERROR)
    end
  end,
  suggest = function()
    fimble().suggest()
  end,
  why = function()
    fimble().why()
  end,
  status = function()
    vim.notify(fimble().status())
  end,
  log = function()
    require('fimble.log').open()
  end,
  restart = function()
    require('fimble.restarts').restart()
  end,
}

local TAKES_WORD = { language = true, snooze = true }

---@param words string[] What was given to :Fimble.
function M.run(words)
  local name, word = words[1] or 'status', words[2]
  local action = ACTIONS[name]
  local names = table.concat(vim.fn.sort(vim.tbl_keys(ACTIONS)), ', ')
  if not action then
    vim.notify(('fimble: :Fimble %s does not exist; there are %s'):format(name, names), vim.log.levels.ERROR)
  elseif #words > (TAKES_WORD[name] and 2 or 1) then
    vim.notify(('fimble: :Fimble %s takes less'):format(name), vim.log.levels.ERROR)
  else
    action(word)
  end
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local words = vim.split(line:sub(1, #line - #lead), '%s+', { trimempty = true })
  local found = {}
  if #words == 1 then
    found = vim.fn.sort(vim.tbl_keys(ACTIONS))
  elseif #words == 2 and words[2] == 'language' then
    found = vim.fn.getcompletion(lead, 'filetype')
  elseif #words == 2 and words[2] == 'snooze' then
    found = { '0', '10', '30', '60' }
  end
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, found)
end

return M
