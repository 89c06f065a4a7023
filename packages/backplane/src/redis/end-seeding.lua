-- Puts the rows of a seeding in the place of a collection's kept rows, and tells all nodes.
--
-- The seeding has read the log up to an entry. What was written behind it is taken from the kept rows: since the
-- seeding began, the writers of this collection write both in one step.
--
-- KEYS[1]  rt:seeding:<name>:<token>   hash: id -> row JSON, and @seeding
-- KEYS[2]  rt:records:<name>           hash: id -> row JSON, and @seeded
-- KEYS[3]  rt:log                      stream
-- ARGV[1]  name of the collection
-- ARGV[2]  id of the collection
-- ARGV[3]  token of the seeding
-- ARGV[4]  id of the last entry that it has read
-- ARGV[5]  most entries that may be left to look at
-- ARGV[6]  channel that tells of seedings, rt:seeded
--
-- Returns {outcome, rows}, outcome one of
--   "seeded"   done
--   "behind"   more entries are left, or one that is not readable here
--   "trimmed"  the log does not have the entry
--   "lost"     the seeding has expired

if redis.call('HGET', KEYS[1], '@seeding') ~= ARGV[3] then return {'lost', 0} end
if #redis.call('XRANGE', KEYS[3], ARGV[4], ARGV[4]) == 0 then return {'trimmed', 0} end
local most = tonumber(ARGV[5])
local entries = redis.call('XRANGE', KEYS[3], '(' .. ARGV[4], '+', 'COUNT', most + 1)
if #entries > most then return {'behind', 0} end

local function textOf(fields)
  for at = 1, #fields, 2 do
    if fields[at] == 'event' then return fields[at + 1] end
  end
  return '{}'
end

-- null is a value of its own
local function first(...)
  for at = 1, select('#', ...) do
    local value = select(at, ...)
    if value ~= nil and value ~= cjson.null then return value end
  end
end

local ids = {}
for _, entry in ipairs(entries) do
  local isRead, event = pcall(cjson.decode, textOf(entry[2]))
  if not isRead then return {'behind', 0} end
  local record = type(event) == 'table' and event.record
  if type(record) == 'table' and type(record.id) == 'string' then
    local collection = first(event.collection, record.collectionName, record.collectionId)
    local isAbout = collection == ARGV[1] or collection == ARGV[2]
    -- what begins with @ is no row
    if isAbout and string.sub(record.id, 1, 1) ~= '@' then ids[#ids + 1] = record.id end
  end
end
for _, id in ipairs(ids) do
  local row = redis.call('HGET', KEYS[2], id)
  if row then redis.call('HSET', KEYS[1], id, row)
  else redis.call('HDEL', KEYS[1], id) end
end

redis.call('HSET', KEYS[1], '@seeded', ARGV[3])
redis.call('HDEL', KEYS[1], '@seeding')
redis.call('PERSIST', KEYS[1])
local rows = redis.call('HLEN', KEYS[1]) - 1
-- freed behind the step: it may be large
redis.call('UNLINK', KEYS[2])
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('PUBLISH', ARGV[6], ARGV[1])
return {'seeded', rows}
