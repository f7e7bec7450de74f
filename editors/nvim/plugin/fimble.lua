-- :Fimble. Nothing else is loaded before it is needed.
if vim.g.loaded_fimble then
  return
end
vim.g.loaded_fimble = true

vim.api.nvim_create_user_command('Fimble', function(call)
  require('fimble.command').run(call.fargs)
end, {
  nargs = '*',
  desc = 'Suggestions of the local model',
  complete = function(lead, line)
    return require('fimble.command').complete(lead, line)
  end,
})
