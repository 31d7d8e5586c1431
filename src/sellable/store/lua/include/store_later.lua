-- Writes a reservation of the working copies once everything was decided, by write_all.
local stored = {}

local function store_later(reservation, now, retention_ms)
  if not stored[reservation] then
    stored[reservation] = true
    later(function()
      store_reservation(reservation, now, retention_ms)
    end)
  end
end
