-- :Fimble, :FimbleSearch and :FimbleTrain. Nothing else is loaded before it is needed.
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

vim.api.nvim_create_user_command('FimbleSearch', function(call)
  require('fimble').search(call.args, { quickfix = call.bang })
end, { nargs = '*', bang = true, desc = 'Search the project by what code does, or by name' })

vim.api.nvim_create_user_command('FimbleTrain', function(call)
  require('fimble').train(call.fargs)
end, { nargs = '*', desc = "Train the model on this buffer's project" })
