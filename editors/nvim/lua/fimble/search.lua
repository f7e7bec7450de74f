--- Asks the server where in the project something is, and shows what it answers: a list to choose from, or the
--- quickfix list.

local M = {}

local LIMIT = 30

---@class fimble.Hit
---@field uri string
---@field path string
---@field name string
---@field kind string
---@field range lsp.Range
---@field snippet string
---@field snippet_line integer From 1.
---@field why string[]

local function say(message, level)
  vim.notify('fimble: ' .. message, level or vim.log.levels.INFO)
end

--- A client that can search; nil, with a word about it, where there is none.
---@return vim.lsp.Client?
local function searcher()
  local client = require('fimble.client').of(vim.api.nvim_get_current_buf()) or require('fimble.client').of()
  if not client then
    say(require('fimble.status').sentence(), vim.log.levels.WARN)
    return nil
  end
  local offered = vim.tbl_get(client.server_capabilities or {}, 'executeCommandProvider', 'commands') or {}
  if not vim.list_contains(offered, 'fimble.search') then
    say('this server cannot search; it is older than the plugin', vim.log.levels.WARN)
    return nil
  end
  return client
end

--- Ask the server; {on_found} is handed the hits.
---@param query string
---@param on_found fun(hits: fimble.Hit[])
function M.ask(query, on_found)
  local client = searcher()
  if not client then
    return
  elseif vim.trim(query) == '' then
    say('say what to look for: :FimbleSearch where are uploads retried', vim.log.levels.WARN)
    return
  end
  local params = { command = 'fimble.search', arguments = { { query = query, limit = LIMIT } } }
  client:request('workspace/executeCommand', params, function(err, found)
    if err then
      say(err.message, vim.log.levels.ERROR)
      return
    end
    for _, note in ipairs(found.notes) do
      say(note)
    end
    if #found.hits > 0 then
      on_found(found.hits)
    else
      say(('nothing was found for "%s"'):format(query))
    end
  end)
end

local function shown(hit)
  local why = #hit.why > 0 and '  (' .. table.concat(hit.why, ', ') .. ')' or ''
  return ('%s  %s:%d%s'):format(hit.name ~= '' and hit.name or hit.kind, hit.path, hit.snippet_line, why)
end

--- Go to {hit}; |CTRL-O| comes back.
local function open(hit)
  local bufnr = vim.uri_to_bufnr(hit.uri)
  vim.cmd("normal! m'")
  vim.bo[bufnr].buflisted = true
  vim.api.nvim_win_set_buf(0, bufnr)
  local line = math.min(hit.snippet_line, vim.api.nvim_buf_line_count(bufnr))
  vim.api.nvim_win_set_cursor(0, { line, 0 })
  vim.cmd('normal! ^zz')
end

--- Choose among the hits with |vim.ui.select()|, which other plugins replace with their pickers.
---@param hits fimble.Hit[]
function M.choose(hits)
  vim.ui.select(hits, { prompt = 'fimble:', kind = 'fimble.search', format_item = shown }, function(hit)
    if hit then
      open(hit)
    end
  end)
end

--- Put the hits into the quickfix list and open it.
---@param query string
---@param hits fimble.Hit[]
function M.list(query, hits)
  local items = vim.tbl_map(function(hit)
    local first = vim.split(vim.trim(hit.snippet), '\n')[1]
    return {
      filename = vim.uri_to_fname(hit.uri),
      lnum = hit.snippet_line,
      end_lnum = math.max(hit.range['end'].line, hit.snippet_line),
      text = ('%s: %s'):format(hit.name ~= '' and hit.name or hit.kind, first),
      user_data = { why = hit.why },
    }
  end, hits)
  vim.fn.setqflist({}, ' ', { title = 'fimble: ' .. query, items = items })
  vim.cmd('botright copen')
end

--- Search for {query}, or for what the person then types.
---@param query? string
---@param opts? { quickfix?: boolean }
function M.search(query, opts)
  local function go(asked)
    if not asked then
      return
    end
    M.ask(asked, function(hits)
      if opts and opts.quickfix then
        M.list(asked, hits)
      else
        M.choose(hits)
      end
    end)
  end
  if query and query ~= '' then
    go(query)
  elseif searcher() then
    vim.ui.input({ prompt = 'fimble: search for ' }, go)
  end
end

return M
