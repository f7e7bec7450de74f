--- A server that ends by itself is started again, later each time, and not for ever.

local M = {}

local first_wait_ms = 1000
local MAX_CRASHES = 4
local SIGTERM = 15
--- Crashes longer ago do not count.
local MEMORY_MS = 5 * 60 * 1000

local crashes = {} ---@type integer[] When, in milliseconds.
local has_given_up = false
local is_leaving = false

vim.api.nvim_create_autocmd('VimLeavePre', {
  group = vim.api.nvim_create_augroup('fimble.restarts', {}),
  callback = function()
    is_leaving = true
  end,
})

local function say(message, level)
  vim.notify('fimble: ' .. message, level)
end

local function is_wanted()
  return not is_leaving and vim.lsp.is_enabled('fimble')
end

local function start()
  if is_wanted() then
    vim.lsp.enable('fimble')
  end
end

local function give_up()
  has_given_up = true
  say(
    ('the server ended %d times and is not started again. :Fimble log shows why; :Fimble restart tries again.'):format(
      #crashes
    ),
    vim.log.levels.ERROR
  )
end

local function crashed(code, signal)
  local now_ms = vim.uv.now()
  crashes = vim.tbl_filter(function(at_ms)
    return now_ms - at_ms < MEMORY_MS
  end, crashes)
  table.insert(crashes, now_ms)
  require('fimble.log').note(('the server ended with code %d, signal %d'):format(code, signal))
  if #crashes >= MAX_CRASHES then
    give_up()
    return
  end
  if #crashes == 1 then
    say('the server ended unexpectedly and is started again', vim.log.levels.WARN)
  end
  vim.defer_fn(start, first_wait_ms * 2 ^ (#crashes - 1))
end

--- The server has ended: in order where the code is 0, and because someone wants it where it was asked to.
---@param code integer
---@param signal integer
function M.ended(code, signal)
  if not is_leaving then
    require('fimble.status').forget()
    if (code ~= 0 or signal ~= 0) and signal ~= SIGTERM and is_wanted() then
      crashed(code, signal)
    end
  end
end

--- How long it waits before the first start; each further wait is twice as long.
---@param wait_ms integer
function M.set_wait(wait_ms)
  first_wait_ms = wait_ms
end

---@return boolean
function M.has_given_up()
  return has_given_up
end

--- Start the server anew, whatever happened before.
function M.restart()
  crashes, has_given_up = {}, false
  vim.lsp.enable('fimble', false)
  local function again(num_tries)
    if not require('fimble.client').of() or num_tries == 0 then
      vim.lsp.config('fimble', require('fimble.client').config())
      vim.lsp.enable('fimble')
    else
      vim.defer_fn(function()
        again(num_tries - 1)
      end, 50)
    end
  end
  again(100)
end

return M
