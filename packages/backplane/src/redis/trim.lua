-- Trims the log by age and by length, whichever keeps less, but never the last entry: a cursor always names one.
--
-- KEYS[1]  rt:log   stream
-- ARGV[1]  greatest age of an entry in milliseconds
-- ARGV[2]  most entries, 1 or more
--
-- Returns how many entries were removed.

local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
if #last == 0 then return 0 end
local lastId = last[1][1]
local time = redis.call('TIME')
local oldestMs = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1]
local lastMs = tonumber(string.match(lastId, '^(%d+)-'))
local oldestId = oldestMs < lastMs and string.format('%.0f', math.max(oldestMs, 0)) or lastId
return redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[2]) + redis.call('XTRIM', KEYS[1], 'MINID', oldestId)
