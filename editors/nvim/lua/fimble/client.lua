--- The server as a client of Neovim's: its configuration, and what is done when it comes to a buffer.

local options = require('fimble.options')
local program = require('fimble.program')

local M = {}

M.NAME = 'fimble'
local ROOT_MARKERS = { '.git', '.hg', 'pyproject.toml', 'package.json', 'Cargo.toml', 'go.mod' }

local is_missing_told = false

---@param bufnr? integer
---@return vim.lsp.Client?
function M.of(bufnr)
  return vim.lsp.get_clients({ name = M.NAME, bufnr = bufnr })[1]
end

--- Whether Neovim can show ghost text.
---@return boolean
function M.shows_ghosts()
  return vim.lsp.inline_completion ~= nil
end

--- The folder of {bufnr}'s project. A buffer without a file has none; Neovim would take the current directory.
---@param bufnr integer
---@return string?
function M.root_of(bufnr)
  local is_file = vim.bo[bufnr].buftype == '' and vim.api.nvim_buf_get_name(bufnr) ~= ''
  return is_file and vim.fs.root(bufnr, ROOT_MARKERS) or nil
end

--- The folder of {bufnr}'s project goes to {on_dir}; nothing does where the server cannot be started.
local function find_root(bufnr, on_dir)
  local command = vim.lsp.config[M.NAME].cmd
  local problem = program.why_not(type(command) == 'table' and command or program.command())
  if not problem then
    on_dir(M.root_of(bufnr))
  elseif not is_missing_told then
    is_missing_told = true
    options.complain(problem)
  end
end

--- How the server is started. Neovim passes over a list whose program is not there without a word: a function gets
--- as far as `find_root`, which says so.
local function starting()
  local command = program.command()
  if not program.why_not(command) then
    return command
  end
  return function(dispatchers)
    return vim.lsp.rpc.start(program.command(), dispatchers)
  end
end

--- One server, and one model in memory, for all folders.
local function is_same(client, config)
  return client.name == config.name and not client:is_stopped()
end

--- The configuration, with the options as they are now.
---@return vim.lsp.Config
function M.config()
  is_missing_told = false
  local given = options.get()
  local wanted = vim.deepcopy(given.options)
  if #given.disabled_paths > 0 then
    wanted.disabled_paths = given.disabled_paths
  end
  return {
    cmd = starting(),
    filetypes = given.filetypes,
    root_dir = find_root,
    reuse_client = is_same,
    capabilities = { experimental = { fimble = { status = true } } },
    init_options = next(wanted) and wanted or vim.empty_dict(),
    settings = { fimble = require('fimble.switches').settings() },
    handlers = {
      didChangeStatus = function(...)
        require('fimble.status').changed(...)
      end,
      ['window/logMessage'] = function(...)
        return require('fimble.log').add(...)
      end,
    },
    on_exit = function(code, signal)
      vim.schedule(function()
        require('fimble.restarts').ended(code, signal)
      end)
    end,
  }
end

--- Tell the server of the folder of a file that it does not know yet.
local function add_folder(client, bufnr)
  local root = M.root_of(bufnr)
  local folders = client.workspace_folders or {}
  local is_known = vim.iter(folders):any(function(folder)
    return folder.name == root
  end)
  if root and not is_known then
    local folder = { uri = vim.uri_from_fname(root), name = root }
    client:notify('workspace/didChangeWorkspaceFolders', { event = { added = { folder }, removed = {} } })
    table.insert(folders, folder)
    client.workspace_folders = folders
  end
end

local function attach(client, bufnr)
  add_folder(client, bufnr)
  if M.shows_ghosts() then
    require('fimble.answers').guard(client)
    require('fimble.ghost').watch(bufnr)
    vim.lsp.inline_completion.enable(true, { bufnr = bufnr })
  else
    require('fimble.popup').attach(client, bufnr)
  end
end

local function tell_focus(bufnr)
  local client = M.of(bufnr)
  if client then
    client:notify('textDocument/didFocus', { textDocument = { uri = vim.uri_from_bufnr(bufnr) } })
  end
end

local group = vim.api.nvim_create_augroup('fimble', {})

vim.api.nvim_create_autocmd('LspAttach', {
  group = group,
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == M.NAME then
      attach(client, event.buf)
    end
  end,
})

vim.api.nvim_create_autocmd('LspDetach', {
  group = group,
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client and client.name == M.NAME then
      require('fimble.ghost').forget(event.buf)
      require('fimble.answers').forget(event.buf)
    end
  end,
})

vim.api.nvim_create_autocmd('BufEnter', {
  group = group,
  callback = function(event)
    tell_focus(event.buf)
  end,
})

return M
