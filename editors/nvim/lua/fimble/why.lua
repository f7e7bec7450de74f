--- Why there was a suggestion at the cursor, or none: the server keeps its last answers.

local M = {}

local SOURCES = { model = 'written by the model', cache = 'known from before', joined = 'from an answer being written' }

--- The server's record as a sentence.
---@param answer table|vim.NIL|nil
---@return string
function M.sentence(answer)
  if type(answer) ~= 'table' then
    return 'nothing was asked in this buffer yet'
  end
  local source = SOURCES[answer.source] or answer.source
  local took = ('%.0f ms, %s'):format(answer.latencyMs, source)
  local at = ('line %d'):format(answer.position.line + 1)
  if answer.shown then
    return ('a suggestion at %s, confidence %.2f (%s)'):format(at, answer.confidence, took)
  end
  local detail = answer.detail ~= '' and ' (' .. answer.detail .. ')' or ''
  return ('no suggestion at %s: %s%s (%s)'):format(at, answer.reason or 'the answer is empty', detail, took)
end

--- Ask the server and say what it answers.
function M.tell()
  local bufnr = vim.api.nvim_get_current_buf()
  local client = require('fimble.client').of(bufnr)
  if not client then
    vim.notify(require('fimble.status').sentence(), vim.log.levels.WARN)
    return
  end
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  client:request('fimble/why', params, function(err, answer)
    vim.notify('fimble: ' .. (err and err.message or M.sentence(answer)))
  end, bufnr)
end

return M
