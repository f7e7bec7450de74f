--- What is switched off: everything, a language, a buffer, or all of it for a while.

local options = require('fimble.options')

local M = {}

local MS_PER_MINUTE = 60 * 1000

local is_enabled ---@type boolean?
local languages ---@type table<string, boolean>?
local wakes_at_ms ---@type integer?
local alarm ---@type uv.uv_timer_t?

local function say(message)
  vim.notify('fimble: ' .. message)
end

local function disabled()
  if not languages then
    languages = {}
    for _, language in ipairs(options.get().disabled_languages) do
      languages[language] = true
    end
  end
  return languages
end

--- The options have changed: they say what is on.
function M.reset()
  is_enabled, languages = nil, nil
  M.wake()
end

--- Whether suggestions are on, in {bufnr} if that is given. A language's switch is the server's to look at.
---@param bufnr? integer
---@return boolean
function M.is_on(bufnr)
  local is_on = is_enabled
  if is_on == nil then
    is_on = options.get().enabled
  end
  if bufnr and vim.b[bufnr].fimble_enabled == false then
    return false
  end
  return is_on and not wakes_at_ms
end

--- Whole minutes until suggestions come back by themselves.
---@return integer?
function M.snoozed_min()
  return wakes_at_ms and math.max(1, math.ceil((wakes_at_ms - vim.uv.now()) / MS_PER_MINUTE))
end

--- What the server is to know, in its own words.
---@return table
function M.settings()
  local names = vim.fn.sort(vim.tbl_keys(disabled()))
  return { enabled = M.is_on(), disabled_languages = names }
end

--- Have all that runs follow the switches.
local function tell()
  local client = require('fimble.client').of()
  if client then
    client.settings = vim.tbl_extend('force', client.settings or {}, { fimble = M.settings() })
    client:notify('workspace/didChangeConfiguration', { settings = client.settings })
    for bufnr in pairs(client.attached_buffers) do
      require('fimble.ghost').dismiss(bufnr)
    end
  end
  require('fimble.status').redraw()
end

---@param is_on boolean
function M.turn(is_on)
  is_enabled = is_on
  M.wake()
  tell()
  say(is_on and 'suggestions are on' or 'suggestions are off')
end

--- End the snooze, without a word.
function M.wake()
  wakes_at_ms = nil
  if alarm then
    alarm:stop()
    alarm:close()
    alarm = nil
  end
end

---@param minutes number
function M.snooze(minutes)
  M.wake()
  if minutes > 0 then
    local length_ms = math.ceil(minutes * MS_PER_MINUTE)
    wakes_at_ms = vim.uv.now() + length_ms
    alarm = vim.defer_fn(function()
      alarm = nil
      wakes_at_ms = nil
      tell()
    end, length_ms)
    say(('no suggestions for %d minutes; :Fimble snooze 0 ends that'):format(M.snoozed_min()))
  else
    say('awake again')
  end
  tell()
end

--- Switch a language, as the server knows it, on or off.
---@param name? string that of the current buffer by default
function M.toggle_language(name)
  local bufnr = vim.api.nvim_get_current_buf()
  local client = require('fimble.client').of(bufnr)
  local filetype = vim.bo[bufnr].filetype
  name = name or (client and client.get_language_id(bufnr, filetype)) or filetype
  if name == '' then
    say('this buffer has no language; :Fimble buffer switches it alone')
    return
  end
  disabled()[name] = not disabled()[name] or nil
  tell()
  say(('suggestions are %s in %s'):format(disabled()[name] and 'off' or 'on', name))
end

--- Switch the current buffer on or off.
function M.toggle_buffer()
  local bufnr = vim.api.nvim_get_current_buf()
  local is_on = vim.b[bufnr].fimble_enabled == false
  vim.b[bufnr].fimble_enabled = is_on
  local client = require('fimble.client').of(bufnr)
  if client and require('fimble.client').shows_ghosts() then
    require('fimble.ghost').dismiss(bufnr)
  elseif client then
    require('fimble.popup').enable(client, bufnr, is_on)
  end
  require('fimble.status').redraw()
  say(('suggestions are %s in this buffer'):format(is_on and 'on' or 'off'))
end

--- Whether the language of {bufnr} is switched off.
---@param bufnr integer
---@return boolean
function M.is_language_off(bufnr)
  local client = require('fimble.client').of(bufnr)
  local filetype = vim.bo[bufnr].filetype
  return disabled()[client and client.get_language_id(bufnr, filetype) or filetype] == true
end

return M
