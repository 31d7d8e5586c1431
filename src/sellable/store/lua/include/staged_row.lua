-- What is staged of a SKU: its quantity and how many rows named it; no quantity where it was
-- refused. Written as "<quantity>", "<quantity>*<rows>" or "x<rows>".
local function staged_row(text)
  local refused = string.match(text, '^x(%d+)$')
  if refused then
    return nil, tonumber(refused)
  end
  local quantity, count = string.match(text, '^(%d+)%*?(%d*)$')
  return tonumber(quantity), tonumber(count) or 1
end
