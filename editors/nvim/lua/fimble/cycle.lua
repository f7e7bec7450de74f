--- From one suggestion to the next, and asking for more of them.

local ghost = require('fimble.ghost')

local M = {}

local function say(message)
  vim.notify('fimble: ' .. message)
end

local function can_ask(bufnr)
  local problem
  if not require('fimble.client').of(bufnr) then
    problem = 'it does not run in this buffer; :checkhealth fimble says more'
  elseif not vim.startswith(vim.api.nvim_get_mode().mode, 'i') then
    problem = 'suggestions are for insert mode'
  elseif not require('fimble.switches').is_on(bufnr) then
    problem = 'suggestions are off'
  end
  if problem then
    say(problem)
  end
  return not problem
end

local function turn(bufnr, step)
  vim.lsp.inline_completion.select({ bufnr = bufnr, count = step })
  ghost.turned(bufnr, step)
end

--- Show the suggestion {step} further; where there is one only, ask for others first.
---@param step integer
function M.turn(step)
  local bufnr = vim.api.nvim_get_current_buf()
  if not vim.lsp.inline_completion then
    return
  end
  ghost.follow(bufnr)
  if #ghost.live(bufnr) > 1 then
    turn(bufnr, step)
    return
  end
  if not can_ask(bufnr) then
    return
  end
  local was_shown = #ghost.live(bufnr) == 1
  ghost.invoke(bufnr, function(live)
    if #live > 1 and was_shown then
      turn(bufnr, step)
    elseif #live < 2 then
      say(was_shown and 'there is no other suggestion here' or 'there is no suggestion here')
    end
  end)
end

--- Ask for suggestions here, even where the model is not sure.
function M.suggest()
  if not vim.lsp.inline_completion then
    vim.lsp.completion.get()
    return
  end
  local bufnr = vim.api.nvim_get_current_buf()
  if not can_ask(bufnr) then
    return
  end
  ghost.invoke(bufnr, function(live)
    if #live == 0 then
      say('there is no suggestion here; :Fimble why says more')
    end
  end)
end

return M
