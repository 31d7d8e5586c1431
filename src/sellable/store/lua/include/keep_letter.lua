-- Keeps a row that was refused, or given up (`was`), for somebody to resolve, by write_all.
local function keep_letter(source, row, reason, detail, was, letters_max)
  later({ 'XADD', key('dead:', source), 'MAXLEN', '~', letters_max, '*', 'l',
    cmsgpack.pack({ row, reason, detail, 1, was }) })
end
