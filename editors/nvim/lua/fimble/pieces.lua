--- How much of a suggestion a word or a line is.

local M = {}

local WORD = '^%s*[%w_\128-\255]+'
local SIGNS = '^%s*[^%w%s_\128-\255]+'
local LINE = '^\r?\n?[^\n]*'

--- The first piece of {text}: a word with the space before it, or signs between words; or the rest of a line.
---@param text string
---@param kind 'all'|'word'|'line'
---@return string
function M.first(text, kind)
  if kind == 'word' then
    return text:match(WORD) or text:match(SIGNS) or text
  elseif kind == 'line' then
    return text:match(LINE)
  end
  return text
end

return M
