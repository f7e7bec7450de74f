--- Stands between Neovim's inline completion and the server.
---
--- Neovim draws whatever answer comes, wherever the cursor is by then. So every answer first goes to the ghost,
--- which knows where it was asked for and what was typed since.

local wishes = require('fimble.wishes')

local M = {}

local INLINE = 'textDocument/inlineCompletion'

---@class fimble.Asked
---@field serial integer Requests of a session, counted.
---@field client vim.lsp.Client
---@field handler function Neovim's, which draws.
---@field place fimble.Place
---@field is_invoked boolean

local serial = 0
---@type table<integer, function>
local handlers = {}
---@type table<integer, boolean>
local guarded = {}
---@type table<integer, fimble.Place>
local asked_again = {}

local AGAIN_MS = 1000
local PAUSE_MS = 300

--- Have Neovim ask in {bufnr}, as if the cursor had moved: it has not asked there before, so there is no handler.
local function nudge(bufnr)
  local group = 'nvim.lsp.inline_completion:' .. bufnr
  pcall(vim.api.nvim_exec_autocmds, 'CursorMovedI', { group = group, buffer = bufnr, modeline = false })
end

--- Ask for {bufnr} now, as Neovim does after a pause. False where it is Neovim that asks, a little later.
---@param bufnr integer
---@param kind integer 1 where the person asks, 2 where they only type
---@return boolean
function M.ask(bufnr, kind)
  local client = require('fimble.client').of(bufnr)
  local window = require('fimble.place').window(bufnr)
  if not client or not window then
    return false
  elseif not handlers[bufnr] then
    nudge(bufnr)
    return false
  end
  local params = vim.lsp.util.make_position_params(window, client.offset_encoding) --[[@as table]]
  params.context = { triggerKind = kind }
  return client:request(INLINE, params, handlers[bufnr], bufnr)
end

--- Ask again what Neovim asks while a person types: the server can do more now.
---@param bufnr integer
function M.refresh(bufnr)
  if vim.startswith(vim.api.nvim_get_mode().mode, 'i') then
    M.ask(bufnr, wishes.AUTOMATIC)
  end
end

--- Something was accepted: the next suggestion is asked for, by Neovim if the cursor moved, else by us.
---@param bufnr integer
function M.go_on(bufnr)
  local ghost = require('fimble.ghost')
  local before = ghost.newest(bufnr)
  vim.defer_fn(function()
    if vim.api.nvim_get_current_buf() == bufnr and ghost.newest(bufnr) == before then
      M.refresh(bufnr)
    end
  end, PAUSE_MS)
end

--- Nothing came for {asked}. Once, and if nothing happens meanwhile, it is asked again: an answer that was cut short
--- is written on.
---@param bufnr integer
---@param asked fimble.Asked
function M.ask_again(bufnr, asked)
  if vim.deep_equal(asked_again[bufnr], asked.place) then
    return
  end
  asked_again[bufnr] = asked.place
  vim.defer_fn(function()
    if require('fimble.ghost').still_waits(bufnr, asked) then
      M.refresh(bufnr)
    end
  end, AGAIN_MS)
end

--- Neovim no longer draws in {bufnr}.
function M.forget(bufnr)
  handlers[bufnr], asked_again[bufnr] = nil, nil
end

--- From now on {client}'s answers to inline completion are looked at first.
---@param client vim.lsp.Client
function M.guard(client)
  if guarded[client.id] then
    return
  end
  guarded[client.id] = true
  local ghost, place, switches = require('fimble.ghost'), require('fimble.place'), require('fimble.switches')
  local request = client.request

  ---@diagnostic disable-next-line: duplicate-set-field
  client.request = function(self, method, params, handler, bufnr)
    if method ~= INLINE or not handler then
      return request(self, method, params, handler, bufnr)
    end
    bufnr = (bufnr == nil or bufnr == 0) and vim.api.nvim_get_current_buf() or bufnr
    handlers[bufnr] = handler
    local here = place.here(bufnr)
    local kind = here and switches.is_on(bufnr) and wishes.kind_of(bufnr, here, params.context.triggerKind)
    if not here or not kind then
      return false
    end
    params.context.triggerKind = kind
    serial = serial + 1
    ---@type fimble.Asked
    local asked = {
      serial = serial,
      client = self,
      handler = handler,
      place = here,
      is_invoked = kind == wishes.INVOKED,
    }
    params.textDocument.version = vim.lsp.util.buf_versions and vim.lsp.util.buf_versions[bufnr]
    ghost.asked(bufnr, asked)
    return request(self, method, params, function(err, result, context)
      if err then
        handler(err, result, context)
      elseif vim.api.nvim_buf_is_valid(bufnr) then
        ghost.answered(bufnr, asked, result and (result.items or result) or {}, context)
      end
    end, bufnr)
  end
end

return M
