--- :checkhealth fimble

local client = require('fimble.client')
local program = require('fimble.program')

local M = {}

local DOCTOR_MS = 30 * 1000

local function check_neovim()
  local health, version = vim.health, tostring(vim.version())
  health.start('Neovim')
  if vim.fn.has('nvim-0.11') == 0 then
    health.error(version .. ' is too old', { 'Neovim 0.11 has completion in a popup, 0.12 ghost text.' })
  elseif not client.shows_ghosts() then
    health.warn(version .. ' shows no ghost text: suggestions go into the completion popup', {
      'Neovim 0.12 or later shows ghost text.',
    })
    local other = require('fimble.popup').other()
    if other then
      health.info(other .. " shows the popups; give it the language servers' entries as a source")
    end
  else
    health.ok(version .. ' shows ghost text')
  end
end

--- What `fimble doctor` says; nil where it does not.
local function examine(command)
  local ok, process = pcall(vim.system, { command[1], 'doctor', '--json' }, { text = true })
  if not ok then
    return nil, process
  end
  local done = process:wait(DOCTOR_MS)
  local is_read, told = pcall(vim.json.decode, done.stdout or '')
  if not is_read or type(told) ~= 'table' then
    return nil, vim.trim(done.stderr or '')
  end
  return told
end

local function check_model(told)
  local model = vim.tbl_get(told, 'options', 'model')
  local wanted = require('fimble.options').get().options.model or model
  for _, installed in ipairs(told.models or {}) do
    if installed.name == wanted and installed.problem == '' then
      vim.health.ok(('the model %s is installed (%s)'):format(wanted, installed.precision))
      return
    end
  end
  vim.health.error(('the model %s is not installed'):format(wanted), { 'Run `fimble setup` in a shell.' })
end

local function check_server()
  local health = vim.health
  health.start('The server')
  local command = program.command()
  local problem = program.why_not(command)
  if problem then
    health.error(problem)
    return
  end
  health.ok('found: ' .. vim.fn.exepath(command[1]))
  local told, complaint = examine(command)
  if not told then
    health.error('`fimble doctor` does not work: ' .. complaint, { 'Is this the right program?' })
    return
  end
  health.ok('it starts: version ' .. told.version)
  check_model(told)
  for _, trouble in ipairs(told.problems or {}) do
    health.warn(trouble)
  end
end

local function check_client()
  local health = vim.health
  health.start('In this session')
  local running = client.of()
  if not running then
    health.warn('fimble runs in no buffer', {
      "Call require('fimble').setup() or vim.lsp.enable('fimble'), and open a file that has a filetype.",
    })
    return
  end
  local num_buffers = vim.tbl_count(running.attached_buffers)
  health.ok(
    ('runs in %d buffer%s, columns in %s'):format(num_buffers, num_buffers == 1 and '' or 's', running.offset_encoding)
  )
  local condition = require('fimble.status').condition()
  if condition then
    health[condition.kind == 'Error' and 'error' or condition.kind == 'Warning' and 'warn' or 'info'](condition.message)
  end
  health.info(require('fimble').status())
end

local OTHER_MODULES = { 'copilot', 'supermaven-nvim', 'codeium', 'minuet', 'tabnine' }

local function check_others()
  local health, num_found = vim.health, 0
  health.start('Others that suggest')
  for _, other in ipairs(vim.lsp.get_clients({ method = 'textDocument/inlineCompletion' })) do
    if other.name ~= client.NAME then
      num_found = num_found + 1
      health.warn(other.name .. ' gives inline completions too: only one suggestion is shown at a time')
    end
  end
  for _, name in ipairs(OTHER_MODULES) do
    if package.loaded[name] then
      num_found = num_found + 1
      health.warn(name .. ' is loaded: its ghost text and that of fimble may cover each other')
    end
  end
  if vim.g.loaded_copilot then
    num_found = num_found + 1
    health.warn('copilot.vim is loaded: its ghost text and that of fimble may cover each other')
  end
  if num_found == 0 then
    health.ok('none')
  end
end

local function check_keys()
  local health, keymaps = vim.health, require('fimble.keymaps')
  health.start('Keys')
  local keys = keymaps.keys(require('fimble.options').get().keymaps)
  if not next(keys) then
    health.info('none are mapped; setup({ keymaps = true }) maps some, and :help fimble-keymaps names them')
    return
  end
  for name, key in vim.spairs(keys) do
    local mapping = vim.fn.maparg(key, 'i', false, true)
    if vim.startswith(mapping.desc or '', 'fimble: ') then
      health.ok(('%s: %s'):format(key, name))
    else
      health.warn(('%s (%s) was mapped to something else since'):format(key, name), {
        'Call setup() later, or choose another key: keymaps = { ' .. name .. " = '…' }",
      })
    end
  end
end

function M.check()
  check_neovim()
  check_server()
  check_client()
  check_others()
  check_keys()
end

return M
