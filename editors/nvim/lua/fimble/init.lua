--- What people call: setup and what keys are mapped to. See |fimble|.

local M = {}

--- Start fimble for all files, with these options over the defaults (|fimble-options|).
---@param given? table
function M.setup(given)
  local options = require('fimble.options')
  if vim.fn.has('nvim-0.11') == 0 then
    options.complain('Neovim 0.11 or later is needed; ghost text needs 0.12.')
    return
  end
  options.set(given)
  require('fimble.keymaps').set(options.get().keymaps)
  vim.lsp.config('fimble', require('fimble.client').config())
  vim.lsp.enable('fimble')
end

--- Accept the suggestion, with its command. False where there is none.
---@return boolean
function M.accept()
  return require('fimble.accept').accept('all')
end

--- Accept the suggestion's next word. False where there is none.
---@return boolean
function M.accept_word()
  return require('fimble.accept').accept('word')
end

--- Accept the suggestion up to the end of its line. False where there is none.
---@return boolean
function M.accept_line()
  return require('fimble.accept').accept('line')
end

--- Show the next suggestion; where there is only one, ask for others.
function M.next()
  require('fimble.cycle').turn(1)
end

--- Show the suggestion before.
function M.previous()
  require('fimble.cycle').turn(-1)
end

--- Ask for suggestions here, even where the model is not sure.
function M.suggest()
  require('fimble.cycle').suggest()
end

--- Hide the suggestion until the text changes. False where there is none.
---@return boolean
function M.dismiss()
  return require('fimble.ghost').dismiss(vim.api.nvim_get_current_buf())
end

function M.enable()
  require('fimble.switches').turn(true)
end

function M.disable()
  require('fimble.switches').turn(false)
end

function M.toggle()
  local switches = require('fimble.switches')
  switches.turn(not switches.is_on())
end

--- No suggestions for a while; 0 wakes at once.
---@param minutes? number 10 by default
function M.snooze(minutes)
  require('fimble.switches').snooze(minutes or 10)
end

--- Search the project for {query}, in plain words or by name; without one it is asked for. What is found is
--- a list to choose from, or the quickfix list.
---@param query? string
---@param opts? { quickfix?: boolean }
function M.search(query, opts)
  require('fimble.search').search(query, opts)
end

--- Train the model on this buffer's project with `fimble train`, in a terminal.
---@param arguments? string[] More for the command, such as { '--minutes', '30' }.
function M.train(arguments)
  require('fimble.train').train(arguments)
end

--- Say why there was a suggestion, or none, at the cursor.
function M.why()
  require('fimble.why').tell()
end

--- How fimble is, in a few words; see |fimble-statusline| for the short form.
---@return string
function M.status()
  return require('fimble.status').sentence()
end

--- For a statusline; empty where fimble does not run.
---@return string
function M.statusline()
  return require('fimble.status').short()
end

return M
