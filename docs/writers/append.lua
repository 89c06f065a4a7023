-- Writes events to the log, and of those in followed collections also what became of the rows.
--
-- KEYS[1]  rt:log        stream
-- KEYS[2]  rt:followed   hash: name and id of each followed collection -> its name
-- ARGV[1]  what all names begin with, rt:
-- ARGV[2…] of each event four: its JSON; the name or id of its collection, or "" where it is no record event;
--          the record's id; the row's JSON, or "" where it is deleted
--
-- Returns the ids of the log entries.

local rows = {}
for at = 2, #ARGV, 4 do
  local collection = ARGV[at + 1]
  if collection ~= '' and rows[collection] == nil then
    local name = redis.call('HGET', KEYS[2], collection)
    rows[collection] = name and ARGV[1] .. 'records:' .. name
    -- a key of another type is an error before anything is written
    if name then redis.call('HLEN', rows[collection]) end
  end
end
local ids = {}
for at = 2, #ARGV, 4 do
  ids[#ids + 1] = redis.call('XADD', KEYS[1], '*', 'event', ARGV[at])
  -- what begins with @ stands among the rows and is none
  local key = string.sub(ARGV[at + 2], 1, 1) ~= '@' and rows[ARGV[at + 1]]
  if key and ARGV[at + 3] == '' then redis.call('HDEL', key, ARGV[at + 2])
  elseif key then redis.call('HSET', key, ARGV[at + 2], ARGV[at + 3]) end
end
return ids
