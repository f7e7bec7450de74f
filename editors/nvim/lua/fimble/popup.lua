--- Neovim 0.11 shows no ghost text: suggestions go into its own completion popup, below those of other servers.

local options = require('fimble.options')

local M = {}

local is_ordered = false

local function is_ours(match)
  local id = vim.tbl_get(match, 'user_data', 'nvim', 'lsp', 'client_id')
  local client = id and vim.lsp.get_client_by_id(id)
  return client ~= nil and client.name == require('fimble.client').NAME
end

--- Neovim 0.11 puts the servers' answers together in any order, and sorts within each of them only.
local function order()
  if is_ordered then
    return
  end
  is_ordered = true
  local complete = vim.fn.complete
  vim.fn.complete = function(start, matches)
    local others, ours = {}, {}
    for _, match in ipairs(matches) do
      table.insert(type(match) == 'table' and is_ours(match) and ours or others, match)
    end
    return complete(start, vim.list_extend(others, ours))
  end
end

--- Whether another plugin shows popups, of all servers.
---@return string?
function M.other()
  for _, name in ipairs({ 'cmp', 'blink.cmp' }) do
    if package.loaded[name] then
      return name
    end
  end
end

---@param client vim.lsp.Client
---@param bufnr integer
function M.attach(client, bufnr)
  if options.get().popup and not M.other() then
    order()
    M.enable(client, bufnr, require('fimble.switches').is_on(bufnr))
  end
end

---@param client vim.lsp.Client
---@param bufnr integer
---@param is_on boolean
function M.enable(client, bufnr, is_on)
  if client:supports_method('textDocument/completion') then
    vim.lsp.completion.enable(is_on, client.id, bufnr, { autotrigger = true })
  end
end

return M
