--- One suggestion as the server sent it, and what of it is still to come at the cursor.

local M = {}

---@class fimble.Choice
---@field item lsp.InlineCompletionItem As it came: the server is told of it in these words.
---@field text string What comes after the place that was asked at.
---@field tail string What it replaces behind that place.
---@field is_told? boolean Whether the server knows that it was shown.

---@class fimble.Live A choice that agrees with what was typed since.
---@field choice fimble.Choice
---@field rest string What is drawn, and put in.

--- {item} as a choice at {asked}; nil where it does not fit there.
---@param item lsp.InlineCompletionItem
---@param asked fimble.Place
---@param encoding string
---@return fimble.Choice?
function M.of(item, asked, encoding)
  local text, range = item.insertText, item.range
  if type(text) ~= 'string' then
    return nil
  end
  if not range then
    return { item = item, text = text, tail = '' }
  end
  if range.start.line ~= asked.row or range['end'].line ~= asked.row then
    return nil
  end
  local line = asked.before .. asked.after
  local first = vim.str_byteindex(line, encoding, range.start.character, false)
  local last = vim.str_byteindex(line, encoding, range['end'].character, false)
  local typed = line:sub(first + 1, asked.col)
  if first > asked.col or not vim.startswith(text, typed) then
    return nil
  end
  return { item = item, text = text:sub(#typed + 1), tail = line:sub(asked.col + 1, last) }
end

--- The choices that go on after {typed}, from the {first}th on and around.
---@param choices fimble.Choice[]
---@param typed? string
---@param first integer
---@return fimble.Live[]
function M.live(choices, typed, first)
  local found = {}
  for step = 0, #choices - 1 do
    local choice = choices[(first - 1 + step) % #choices + 1]
    if typed and #choice.text > #typed and vim.startswith(choice.text, typed) then
      table.insert(found, { choice = choice, rest = choice.text:sub(#typed + 1) })
    end
  end
  return found
end

--- The item to draw for {live} at {here}.
---@param live fimble.Live
---@param here fimble.Place
---@param encoding string
---@return lsp.InlineCompletionItem
function M.drawn(live, here, encoding)
  local line = here.before .. here.after
  local function position(col)
    return { line = here.row, character = vim.str_utfindex(line, encoding, math.min(col, #line), false) }
  end
  return {
    insertText = live.rest,
    range = { start = position(here.col), ['end'] = position(here.col + #live.choice.tail) },
    command = live.choice.item.command,
  }
end

return M
