-- Reads kept rows of a collection, and the end of the log for which they stand.
--
-- KEYS[1]  rt:records:<name>   hash: id -> row JSON
-- KEYS[2]  rt:log              stream
-- ARGV     ids of rows
--
-- Returns {id of the newest entry, rows}, each row its JSON, or nil where it is not kept.

local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)
return {last[1] and last[1][1] or '0-0', redis.call('HMGET', KEYS[1], unpack(ARGV))}
