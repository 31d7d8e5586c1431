-- The working copy of a reservation; nil if it is not known. `indexed` keeps what the indexes say
-- about it, so that store_reservation writes only the difference.
local reservations = {}
local indexed = {}

local function load_reservation(id)
  local reservation = reservations[id]
  if reservation == nil then
    local packed = redis.call('GET', key('r:', id))
    reservation = packed and cmsgpack.unpack(packed) or false
    reservations[id] = reservation
    if reservation then
      indexed[id] = holdings(reservation)
    end
  end
  return reservation or nil
end
