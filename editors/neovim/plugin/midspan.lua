-- `:Midspan`, which costs nothing until it is used.
vim.api.nvim_create_user_command('Midspan', function(options)
  require('midspan.commands').run(options.fargs)
end, {
  nargs = '*',
  desc = 'midspan: status, pause, resume, snooze, why, panel, model',
  complete = function(lead)
    return require('midspan.commands').complete(lead)
  end,
})
