-- A fact as a table, from the array that it comes as; most are counts and deltas, which have fewer values.
local function fact_of(row)
  local kind = row[1]
  if kind == 'count' or kind == 'delta' then
    return { kind = kind, event_id = row[2], source = row[3], sku = row[4], location = row[5], observe_us = row[6],
      sequence = row[7], quantity = row[8] }
  end
  return { kind = kind, event_id = row[2], source = row[3], sku = row[4], location = row[5], observe_us = row[6],
    sequence = row[7], quantity = row[8], reservation_id = row[9], line_id = row[10], supply_id = row[12],
    expect_ms = row[13], final = row[14] }
end
