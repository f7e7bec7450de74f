--- How the server is, in one word for a statusline and in a sentence.

local client = require('fimble.client')
local switches = require('fimble.switches')

local M = {}

---@class fimble.Condition What the server tells of itself.
---@field kind 'Normal'|'Warning'|'Error'|'Inactive'
---@field busy boolean
---@field message string
---@field model? string
---@field provider? string

local told ---@type fimble.Condition?

function M.redraw()
  vim.cmd.redrawstatus()
  vim.api.nvim_exec_autocmds('User', { pattern = 'FimbleStatus', modeline = false })
end

--- The server says how it is.
---@param condition fimble.Condition
function M.changed(_, condition)
  local was_loading = told ~= nil and not told.model
  told = condition
  vim.schedule(function()
    M.redraw()
    if was_loading and condition.model and client.shows_ghosts() then
      require('fimble.answers').refresh(vim.api.nvim_get_current_buf())
    end
  end)
end

--- There is no server any more, or a new one that has not spoken yet.
function M.forget()
  told = nil
  M.redraw()
end

---@return fimble.Condition?
function M.condition()
  return told
end

--- What is switched off here.
---@param bufnr integer
---@return string?
local function why_off(bufnr)
  local minutes = switches.snoozed_min()
  if minutes then
    return ('asleep for %d min'):format(minutes)
  elseif not switches.is_on() then
    return 'off'
  elseif not switches.is_on(bufnr) then
    return 'off in this buffer'
  elseif switches.is_language_off(bufnr) then
    return 'off in ' .. vim.bo[bufnr].filetype
  end
end

--- One or a few words; empty where fimble does not run.
---@return string
function M.short()
  local bufnr = vim.api.nvim_get_current_buf()
  if not client.of(bufnr) then
    return require('fimble.restarts').has_given_up() and 'fimble: stopped' or ''
  end
  local word = why_off(bufnr)
  if told and told.kind == 'Error' then
    word = 'error'
  elseif not told or not told.model then
    word = 'loading'
  elseif not word and told.busy then
    word = 'writing'
  elseif not word and told.kind == 'Warning' then
    word = 'warning'
  end
  return 'fimble: ' .. (word or 'ready')
end

--- What :Fimble status says.
---@return string
function M.sentence()
  local bufnr = vim.api.nvim_get_current_buf()
  local running = client.of()
  if not running then
    local hint = require('fimble.restarts').has_given_up() and ':Fimble restart starts it' or ':checkhealth fimble'
    return 'fimble does not run; ' .. hint
  end
  local parts = { told and told.message or 'the server has not spoken yet' }
  local off = why_off(bufnr)
  if off then
    table.insert(parts, off)
  end
  if not client.of(bufnr) then
    table.insert(parts, 'not in this buffer')
  end
  return 'fimble: ' .. table.concat(parts, '; ')
end

return M
