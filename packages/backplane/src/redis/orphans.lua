-- What scripts know of orphans.
--
-- rt:away                string: for how many milliseconds a node was cut off from Redis, shortly after it is back
-- rt:nodes               set: ids of the nodes that have holds
-- rt:holds:<node>        hash: client id -> "<likeness>", "<likeness> <cursor>" where the client lags, or
--                        "<likeness> +<cursor>" where it began there; "@" -> "<cursor>" that all have had but those who
--                        lag or began later
-- rt:orphans:<likeness>  hash: "<when they were, in fifths of a second> <maker>" ->
--                        "<how many nobody has adopted> <Unix milliseconds of the last> <the oldest one's cursor>"; the
--                        maker is the id of the node that ended their streams, behind it " dead" where others did so;
--                        "@" -> the last time when all were adopted, in Unix milliseconds

-- How long clients that are alike come back in another order than they left in, and how long while some are still out:
-- an SDK that is refused five times in a row waits so long.
local reorderMs = 2300
local outMs = 5000

-- How much longer those are known that are no more enough for all: they are again once it is told that Redis was away.
local spentMs = 10000

-- Orphans that are alike are told apart no finer than this: a node that leaves makes thousands of them.
local fineMs = 200

local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- What is inside an entry is older than what is behind it.
local function isOlder(one, other)
  local ms, number, place = string.match(one, '^(%d+)-(%d+)(.*)$')
  local otherMs, otherNumber, otherPlace = string.match(other, '^(%d+)-(%d+)(.*)$')
  if ms ~= otherMs then return tonumber(ms) < tonumber(otherMs) end
  if number ~= otherNumber then return tonumber(number) < tonumber(otherNumber) end
  return place ~= '' and otherPlace == ''
end

-- Adds orphans of one likeness that were at the same place.
local function addOrphans(prefix, likeness, orphan)
  local key = prefix .. 'orphans:' .. likeness
  local field = string.format('%.0f %s', math.floor(string.match(orphan.cursor, '^%d+') / fineMs), orphan.maker)
  local known = redis.call('HGET', key, field) or '0 0 ' .. orphan.cursor
  local left, cursor = string.match(known, '^(%d+) %d+ (%S+)$')
  if isOlder(orphan.cursor, cursor) then cursor = orphan.cursor end
  redis.call('HSET', key, field, string.format('%.0f %.0f %s', left + orphan.count, nowMs(), cursor))
  redis.call('PEXPIRE', key, orphan.lifeMs)
end

-- Makes orphans of all clients of a dead node.
local function orphanAll(prefix, node, lifeMs)
  local holds, counts = prefix .. 'holds:' .. node, {}
  local position = redis.call('HGET', holds, '@')
  local all = redis.call('HGETALL', holds)
  for at = 1, #all, 2 do
    local likeness, sign, cursor = string.match(all[at + 1], '^(%S+) ?(%+?)(%S*)$')
    local hasMore = position and (cursor == '' or sign == '+' and isOlder(cursor, position))
    if hasMore then cursor = position end
    if all[at] ~= '@' and cursor ~= '' then
      local orphan = likeness .. ' ' .. cursor
      counts[orphan] = (counts[orphan] or 0) + 1
    end
  end
  for orphan, count in pairs(counts) do
    local likeness, cursor = string.match(orphan, '^(%S+) (%S+)$')
    addOrphans(prefix, likeness, {cursor = cursor, maker = node .. ' dead', count = count, lifeMs = lifeMs})
  end
  redis.call('DEL', holds)
  redis.call('SREM', prefix .. 'nodes', node)
end

-- Holds a client that has subscribed. At its first time it begins at the end of the log, or where its orphan was.
local function hold(prefix, client)
  local holds = prefix .. 'holds:' .. client.node
  local place = redis.call('HGET', holds, client.id)
  if place then
    place = string.match(place, '^%S+(.*)$')
  else
    local last = redis.call('XREVRANGE', prefix .. 'log', '+', '-', 'COUNT', 1)[1]
    place = client.adopted and ' ' .. client.adopted or last and ' +' .. last[1] or ''
  end
  redis.call('HSET', holds, client.id, client.likeness .. place)
  redis.call('SADD', prefix .. 'nodes', client.node)
end

-- Where to begin behind a cursor. Whose place is gone has had what the log has up to there; if the log begins later, he
-- has had nothing of it.
-- Returns a cursor that the log has, or nil where it is empty.
local function placeInLog(prefix, cursor)
  local log, entry = prefix .. 'log', string.match(cursor, '^%d+-%d+')
  local last = redis.call('XREVRANGE', log, entry, '-', 'COUNT', 1)[1]
  if last then return last[1] == entry and cursor or last[1] end
  local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
  return first and first[1] .. '.0'
end

-- A node that is about to listen again counts as dead too; it takes its clients back.
local function isDead(prefix, node)
  local name = prefix .. 'node:' .. node
  return redis.call('EXISTS', name) == 0 or redis.call('PUBSUB', 'NUMSUB', name)[2] == 0
end

-- The orphans of a likeness that are not too old.
local function readOrphans(key, lifeMs)
  local all, now, known = redis.call('HGETALL', key), nowMs(), {}
  for at = 1, #all, 2 do
    local left, lastMs, cursor = string.match(all[at + 1], '^(%d+) (%d+) (%S+)$')
    if left and now - lastMs > lifeMs then
      redis.call('HDEL', key, all[at])
    elseif left then
      known[#known + 1] = {field = all[at], left = tonumber(left), lastMs = tonumber(lastMs), cursor = cursor}
    end
  end
  return known
end

-- Takes the oldest orphan of a likeness. Clients that are alike cannot be told apart: each begins where the first of
-- those was that left together, and may get again what another one has had. So there are enough for all shortly after the
-- end, since one that left by itself may have come before an orphan, and somewhat longer as long as some are out: any of
-- them may be the one whose place was taken first. Time in which nobody could come does not count.
-- Returns its cursor, or nil.
local function adopt(prefix, likeness, lifeMs)
  local awayMs = redis.call('GET', prefix .. 'away') or 0
  for _, node in ipairs(redis.call('SMEMBERS', prefix .. 'nodes')) do
    if isDead(prefix, node) then orphanAll(prefix, node, lifeMs) end
  end
  local key, now, oldest, taken, out = prefix .. 'orphans:' .. likeness, nowMs(), nil, nil, 0
  local allBackMs = tonumber(redis.call('HGET', key, '@') or 0)
  for _, some in ipairs(readOrphans(key, lifeMs)) do
    local enoughMs = (some.lastMs > allBackMs and outMs or reorderMs) + awayMs
    local isSpent = some.left == 0 and now - some.lastMs > enoughMs
    if isSpent and now - some.lastMs > enoughMs + spentMs then
      redis.call('HDEL', key, some.field)
    elseif not isSpent then
      if not oldest or isOlder(some.cursor, oldest) then oldest = some.cursor end
      if some.left > 0 and (not taken or isOlder(some.cursor, taken.cursor)) then taken = some end
    end
    out = out + some.left
  end
  if taken then
    redis.call('HSET', key, taken.field, string.format('%.0f %.0f %s', taken.left - 1, taken.lastMs, taken.cursor))
    if out == 1 then redis.call('HSET', key, '@', now) end
  end
  return oldest and placeInLog(prefix, oldest)
end

-- Takes back the clients of a node that others took for dead.
local function disown(prefix, likeness, node)
  local key, maker = prefix .. 'orphans:' .. likeness, ' ' .. node .. ' dead'
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, -#maker) == maker then redis.call('HDEL', key, field) end
  end
end
