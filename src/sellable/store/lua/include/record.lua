-- Notes a change for the ledger; flush_sku writes it. quantity is signed.
local function record(state, kind, location, quantity, reservation_id, source)
  local entries = state.entries
  entries[#entries + 1] = { kind, state.sku, location, quantity, reservation_id or '', source or '' }
end
