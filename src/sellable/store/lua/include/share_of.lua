-- A percentage of a quantity in basis points, rounded up; in two parts, because quantity * 10000 may
-- pass 2^53.
local function share_of(quantity, basis_points)
  local rest = quantity % 10000
  return (quantity - rest) / 10000 * basis_points + math.ceil(rest * basis_points / 10000)
end
