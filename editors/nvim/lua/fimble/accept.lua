--- Puts a suggestion, or a piece of it, into the text, and tells the server.

local answers = require('fimble.answers')
local ghost = require('fimble.ghost')
local pieces = require('fimble.pieces')

local M = {}

---@class fimble.Acceptance One that Neovim carries out when it is allowed to change the text.
---@field kinds string[] What was accepted, key by key.
---@field live fimble.Live[]
---@field ghost fimble.Ghost
---@field mark integer Where the cursor was: keys may come before the text does.

local namespace = vim.api.nvim_create_namespace('fimble.accept')
---@type table<integer, fimble.Acceptance>
local pending = {}

--- Put {text} in place of the {num_replaced} bytes at the mark; a cursor that stands there, or behind, moves on.
local function put(bufnr, mark, text, num_replaced)
  local api = vim.api
  local row, col = unpack(api.nvim_buf_get_extmark_by_id(bufnr, namespace, mark, {}))
  local window = require('fimble.place').window(bufnr)
  local cursor = window and api.nvim_win_get_cursor(window)
  local lines = vim.split(text, '\n', { plain = true })
  api.nvim_buf_set_text(bufnr, row, col, row, col + num_replaced, lines)
  local end_row = row + #lines - 1
  local end_col = #lines[#lines] + (#lines == 1 and col or 0)
  if cursor and cursor[1] - 1 == row and cursor[2] >= col then
    api.nvim_win_set_cursor(window, { end_row + 1, end_col + math.max(0, cursor[2] - col - num_replaced) })
  elseif cursor and cursor[1] - 1 > row then
    api.nvim_win_set_cursor(window, { cursor[1] + #lines - 1, cursor[2] })
  end
  api.nvim_buf_set_extmark(bufnr, namespace, end_row, end_col, { id = mark, right_gravity = false })
end

--- What the server is told of {live} after all but {rest} was accepted.
local function tell(bufnr, acceptance, live, rest)
  local item, client = live.choice.item, acceptance.ghost.asked.client
  if rest == '' then
    if item.command then
      client:exec_cmd(item.command, { bufnr = bufnr })
    end
    return
  end
  local text = item.insertText --[[@as string]]
  local num_units = vim.str_utfindex(text, 'utf-16', #text - #rest, false)
  client:notify('textDocument/didPartiallyAcceptCompletion', { item = item, acceptedLength = num_units })
end

--- Carry {acceptance} out.
local function carry_out(bufnr, acceptance, live)
  vim.go.undolevels = vim.go.undolevels -- what was typed before can be undone without it, and it without that
  local rest = live.rest
  for _, kind in ipairs(acceptance.kinds) do
    if rest ~= '' then
      local piece = pieces.first(rest, kind)
      rest = rest:sub(#piece + 1)
      put(bufnr, acceptance.mark, piece, rest == '' and #live.choice.tail or 0)
    end
  end
  tell(bufnr, acceptance, live, rest)
end

--- What Neovim hands over is put in here, unless it comes from another server.
local function on_accept(bufnr, acceptance, item)
  if not acceptance.ghost or item.client_id ~= acceptance.ghost.asked.client.id then
    if acceptance.kinds[1] == 'all' then
      return item
    end
    vim.notify('fimble: only its own suggestions can be accepted in parts')
    return nil
  end
  local chosen = acceptance.live[1]
  for _, live in ipairs(acceptance.live) do
    chosen = live.rest == item.insert_text and live or chosen
  end
  if chosen then
    carry_out(bufnr, acceptance, chosen)
  end
end

--- Accept all of the suggestion, its next word or its line. False where there is none.
---@param kind 'all'|'word'|'line'
---@return boolean
function M.accept(kind)
  local bufnr = vim.api.nvim_get_current_buf()
  local inline = vim.lsp.inline_completion
  if not inline then
    return false
  end
  if pending[bufnr] then
    table.insert(pending[bufnr].kinds, kind)
    return true
  end
  ghost.follow(bufnr)
  local live, shown = ghost.live(bufnr)
  ---@type fimble.Acceptance
  local acceptance = { kinds = { kind }, live = live, ghost = shown }
  local is_accepted = inline.get({
    bufnr = bufnr,
    on_accept = function(item)
      return on_accept(bufnr, acceptance, item)
    end,
  })
  if not is_accepted then
    return false
  end
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  acceptance.mark = vim.api.nvim_buf_set_extmark(bufnr, namespace, row - 1, col, { right_gravity = false })
  pending[bufnr] = acceptance
  ghost.hold(bufnr, true)
  vim.schedule(function() -- runs after what `get` has scheduled
    pending[bufnr] = nil
    ghost.hold(bufnr, false)
    vim.api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
    ghost.follow(bufnr)
    if #ghost.live(bufnr) == 0 then
      answers.go_on(bufnr)
    end
  end)
  return true
end

return M
