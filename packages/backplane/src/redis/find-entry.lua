-- Finds out whether the log has an entry, and where it begins and ends.
--
-- KEYS[1]  rt:log   stream
-- ARGV[1]  id of the entry
--
-- Returns {id of the oldest entry, id of the newest}, or nil where the log does not have the entry.

if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return false end
local first, last
local facts = redis.call('XINFO', 'STREAM', KEYS[1])
for at = 1, #facts, 2 do
  if facts[at] == 'first-entry' then first = facts[at + 1][1] end
  if facts[at] == 'last-entry' then last = facts[at + 1][1] end
end
return {first, last}
