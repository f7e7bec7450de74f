--- The suggestion on the screen: kept where the text typed agrees with it, hidden where it does not.
---
--- It is drawn by Neovim. Whenever the text or the cursor moves, Neovim's handler is handed what is left of the
--- answer at the new place, so that what is accepted is what is seen.

local answers = require('fimble.answers')
local choice = require('fimble.choice')
local place = require('fimble.place')
local wishes = require('fimble.wishes')

local M = {}

---@class fimble.Ghost
---@field asked fimble.Asked
---@field context lsp.HandlerContext
---@field choices fimble.Choice[]
---@field live fimble.Live[] As they were drawn last, the one on the screen first.
---@field drawn_at? fimble.Place
---@field is_chosen? boolean Whether the person went on to it from another one.

---@type table<integer, fimble.Ghost>
local ghosts = {}
---@type table<integer, integer> The newest request of a buffer.
local newest = {}
---@type table<integer, fimble.Place> Where the person wants to see nothing.
local dismissed = {}
---@type table<integer, boolean> Buffers in which nothing moves for a moment.
local held = {}

local function is_inserting()
  return vim.startswith(vim.api.nvim_get_mode().mode, 'i')
end

--- Have Neovim draw {items}; a completor that is gone takes nothing.
local function hand_over(ghost, items)
  return pcall(ghost.asked.handler, nil, { items = items }, ghost.context)
end

local function tell_shown(ghost)
  local live = ghost.live[1]
  if live and not live.choice.is_told then
    live.choice.is_told = true
    ghost.asked.client:notify('textDocument/didShowCompletion', { item = live.choice.item })
  end
end

--- Draw what is left of the ghost where the cursor is now.
local function draw(bufnr, ghost)
  local here = place.here(bufnr)
  local typed = place.typed(bufnr, ghost.asked.place, here)
  local first = 1
  for index, one in ipairs(ghost.choices) do
    first = ghost.live[1] and ghost.live[1].choice == one and index or first
  end
  local was_shown = #ghost.live > 0
  local live = choice.live(ghost.choices, typed, first)
  ghost.live, ghost.drawn_at = live, here
  if #live == 0 and not was_shown then
    return
  end
  local encoding = ghost.asked.client.offset_encoding
  local items = vim.tbl_map(function(one)
    return choice.drawn(one, here, encoding)
  end, live)
  if hand_over(ghost, items) then
    tell_shown(ghost)
  else
    ghosts[bufnr] = nil
  end
end

--- The text or the cursor may have moved.
---@param bufnr integer
function M.follow(bufnr)
  local ghost, here = ghosts[bufnr], place.here(bufnr)
  if ghost and not held[bufnr] and not vim.deep_equal(ghost.drawn_at, here) then
    draw(bufnr, ghost)
  end
  if dismissed[bufnr] and not vim.deep_equal(dismissed[bufnr], here) then
    dismissed[bufnr] = nil
  end
end

--- A request is about to be sent.
---@param bufnr integer
---@param asked fimble.Asked
function M.asked(bufnr, asked)
  newest[bufnr] = asked.serial
end

--- The newest request that was sent for {bufnr}.
---@param bufnr integer
---@return integer?
function M.newest(bufnr)
  return newest[bufnr]
end

--- Whether nothing has happened since {asked} was sent.
---@param bufnr integer
---@param asked fimble.Asked
---@return boolean
function M.still_waits(bufnr, asked)
  local is_idle = vim.api.nvim_buf_is_valid(bufnr) and newest[bufnr] == asked.serial and is_inserting()
  return is_idle and vim.deep_equal(asked.place, place.here(bufnr))
end

--- What is on the screen stays first among the new {choices}.
local function hold_first(ghost, choices, typed)
  local shown = ghost and ghost.live[1]
  if shown then
    local text = typed .. shown.rest
    for index = #choices, 1, -1 do
      if choices[index].text == text then
        table.remove(choices, index)
      end
    end
    table.insert(choices, 1, { item = shown.choice.item, text = text, tail = shown.choice.tail, is_told = true })
  end
end

--- An answer has come: it is drawn if it, or what is left of it, belongs here.
---@param bufnr integer
---@param asked fimble.Asked
---@param items lsp.InlineCompletionItem[]
---@param context lsp.HandlerContext
function M.answered(bufnr, asked, items, context)
  local ghost, here = ghosts[bufnr], place.here(bufnr)
  local wish = asked.is_invoked and wishes.take(bufnr) or nil
  if not is_inserting() or (ghost and ghost.asked.serial > asked.serial) then
    return
  end
  local is_here = vim.deep_equal(asked.place, here)
  if is_here and vim.deep_equal(dismissed[bufnr], here) and not asked.is_invoked then
    return
  end
  local choices = {}
  for _, item in ipairs(items) do
    table.insert(choices, choice.of(item, asked.place, asked.client.offset_encoding))
  end
  local typed = place.typed(bufnr, asked.place, here)
  local is_chosen = ghost and ghost.is_chosen and #ghost.live > 0
  if #choice.live(choices, typed, 1) > 0 then
    if wish or is_chosen then
      hold_first(ghost, choices, typed)
    end
    ghosts[bufnr] = { asked = asked, context = context, choices = choices, live = {}, is_chosen = is_chosen }
    draw(bufnr, ghosts[bufnr])
  elseif is_here and newest[bufnr] == asked.serial and not wish and not is_chosen then
    ghosts[bufnr] = nil
    pcall(asked.handler, nil, { items = {} }, context)
    answers.ask_again(bufnr, asked)
  end
  if wish then
    wish.done(M.live(bufnr))
  end
end

--- Ask because the person wants it; {done} is handed what there is then.
---@param bufnr integer
---@param done fun(live: fimble.Live[])
function M.invoke(bufnr, done)
  dismissed[bufnr] = nil
  wishes.make(bufnr, done)
end

--- What is on the screen, first, and what else there is.
---@param bufnr integer
---@return fimble.Live[], fimble.Ghost?
function M.live(bufnr)
  local ghost = ghosts[bufnr]
  return ghost and ghost.live or {}, ghost
end

--- The person went {count} suggestions on.
---@param bufnr integer
---@param count integer
function M.turned(bufnr, count)
  local live, ghost = M.live(bufnr)
  if ghost and #live > 1 then
    local turned = {}
    for step = 0, #live - 1 do
      table.insert(turned, live[(count + step) % #live + 1])
    end
    ghost.live, ghost.is_chosen = turned, true
    tell_shown(ghost)
  end
end

--- While {held}, what is on the screen stays: an acceptance is on its way.
---@param bufnr integer
---@param is_held boolean
function M.hold(bufnr, is_held)
  held[bufnr] = is_held or nil
end

--- Hide the suggestion until something moves.
---@param bufnr integer
---@return boolean
function M.dismiss(bufnr)
  local ghost = ghosts[bufnr]
  local was_shown = ghost ~= nil and #ghost.live > 0
  dismissed[bufnr] = place.here(bufnr)
  ghosts[bufnr] = nil
  if was_shown then
    hand_over(ghost, {})
  end
  return was_shown
end

---@param bufnr integer
function M.forget(bufnr)
  for _, kept in ipairs({ ghosts, newest, dismissed, held }) do
    kept[bufnr] = nil
  end
  wishes.take(bufnr)
end

--- Follow what happens in {bufnr}.
---@param bufnr integer
function M.watch(bufnr)
  local group = vim.api.nvim_create_augroup('fimble.ghost.' .. bufnr, {})
  vim.api.nvim_create_autocmd({ 'CursorMovedI', 'TextChangedI', 'TextChangedP' }, {
    group = group,
    buffer = bufnr,
    callback = function()
      M.follow(bufnr)
    end,
  })
  vim.api.nvim_create_autocmd('InsertLeave', {
    group = group,
    buffer = bufnr,
    callback = function()
      M.forget(bufnr)
    end,
  })
end

return M
