-- Every answer: an outcome, its body as MessagePack (or what is that already), and the ledger position it includes.
local function reply(outcome, body, packed)
  if not ledger_position then
    local last = redis.call('XREVRANGE', key('ledger', ''), '+', '-', 'COUNT', 1)
    ledger_position = last[1] and last[1][1] or '0-0'
  end
  return { outcome, packed or cmsgpack.pack(body), ledger_position }
end
