-- Finds out whether the log has an entry, and where it begins and ends.
--
-- KEYS[1]  rt:log   stream
-- ARGV[1]  id of the entry
--
-- Returns {id of the oldest entry, id of the newest}, or nil where the log does not have the entry.

if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return false end
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
return {first[1][1], last[1][1]}
