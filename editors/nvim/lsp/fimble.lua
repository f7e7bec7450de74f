-- What vim.lsp.enable('fimble') starts. require('fimble').setup() does that and more.
return require('fimble.client').config()
