--- What a person asked for with a key, until it is answered. What Neovim asks by itself waits meanwhile: the server
--- answers the newest request of a document only.

local M = {}

M.INVOKED = 1
M.AUTOMATIC = 2

---@class fimble.Wish
---@field done fun(live: fimble.Live[])
---@field place? fimble.Place Where it was sent.

---@type table<integer, fimble.Wish>
local wishes = {}

--- {done} is handed what there is to suggest in {bufnr}, unless the person goes on typing.
---@param bufnr integer
---@param done fun(live: fimble.Live[])
function M.make(bufnr, done)
  wishes[bufnr] = { done = done }
  require('fimble.answers').ask(bufnr, M.INVOKED) -- or with the first request that Neovim makes in this buffer
end

--- The kind that a request at {here} is sent as; nil if it is not to be sent.
---@param bufnr integer
---@param here fimble.Place
---@param kind integer
---@return integer?
function M.kind_of(bufnr, here, kind)
  local wish = wishes[bufnr]
  if not wish then
    return kind
  elseif not wish.place then
    wish.place = here
    return M.INVOKED
  elseif vim.deep_equal(wish.place, here) then
    return nil
  end
  wishes[bufnr] = nil
  return kind
end

--- The wish that an answer is for.
---@param bufnr integer
---@return fimble.Wish?
function M.take(bufnr)
  local wish = wishes[bufnr]
  wishes[bufnr] = nil
  return wish
end

return M
