-- Whether a delta or shipment was observed after the base, so that the count cannot know it. At
-- equal time one source orders by sequence; otherwise the delta comes after the count.
local function follows_base(base, observe_us, source, sequence)
  if observe_us ~= base[2] then
    return observe_us > base[2]
  end
  return not (source == base[5] and sequence > 0 and sequence < base[3])
end
