-- What scripts know of orphans.
--
-- rt:away                string: for how many milliseconds a node was cut off from Redis, shortly after it is back
-- rt:nodes               set: ids of the nodes that have holds
-- rt:holds:<node>        hash: client id -> "<likeness>", "<likeness> <cursor>" where the client lags, or
--                        "<likeness> +<cursor>" where it began there; "@" -> "<cursor>" that all have had but those who
--                        lag or began later
-- rt:orphans:<likeness>  hash: "<when they were, in fifths of a second> <maker>" ->
--                        "<how many nobody has adopted> <the first one's end> <the last one's end> <the last adoption>
--                        <the oldest one's cursor>", times in Unix milliseconds; the maker is the id of the node that
--                        ended their streams, behind it " dead" where others did so

-- How long clients that are alike come back in another order than they left in.
local reorderMs = 2000

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

local function parseOrphans(text)
  local left, firstMs, lastMs, takenMs, cursor = string.match(text, '^(%d+) (%d+) (%d+) (%d+) (%S+)$')
  return {
    left = tonumber(left), firstMs = tonumber(firstMs), lastMs = tonumber(lastMs), takenMs = tonumber(takenMs),
    cursor = cursor
  }
end

local function printOrphans(some)
  return string.format('%.0f %.0f %.0f %.0f %s', some.left, some.firstMs, some.lastMs, some.takenMs, some.cursor)
end

-- Adds orphans of one likeness that were at the same place.
local function addOrphans(prefix, likeness, orphan)
  local key = prefix .. 'orphans:' .. likeness
  local field = string.format('%.0f %s', math.floor(string.match(orphan.cursor, '^%d+') / fineMs), orphan.maker)
  local now = nowMs()
  local known = parseOrphans(redis.call('HGET', key, field) or string.format('0 %.0f 0 0 %s', now, orphan.cursor))
  if isOlder(orphan.cursor, known.cursor) then known.cursor = orphan.cursor end
  known.left, known.lastMs = known.left + orphan.count, now
  redis.call('HSET', key, field, printOrphans(known))
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

-- The orphans of a likeness that are not too old, and the first end of those that nobody has adopted.
local function readOrphans(key, lifeMs)
  local all, now, known, awaitedMs = redis.call('HGETALL', key), nowMs(), {}, nil
  for at = 1, #all, 2 do
    local some = parseOrphans(all[at + 1])
    some.field, some.ageMs = all[at], now - some.lastMs
    if some.ageMs > lifeMs then
      redis.call('HDEL', key, some.field)
    else
      known[#known + 1] = some
      if some.left > 0 then awaitedMs = math.min(awaitedMs or now, some.firstMs) end
    end
  end
  return known, awaitedMs
end

-- Takes the oldest orphan of a likeness. Clients that are alike cannot be told apart: each begins where the first of
-- those was that left together, and may get again what another one has had. So there are enough for all shortly after the
-- end, since one that left by itself may have come before an orphan, and as long as somebody is awaited who ended before
-- the last was adopted: it may have been his. Time in which nobody could come does not count.
-- Returns its cursor, or nil.
local function adopt(prefix, likeness, lifeMs)
  local enoughMs = reorderMs + (redis.call('GET', prefix .. 'away') or 0)
  for _, node in ipairs(redis.call('SMEMBERS', prefix .. 'nodes')) do
    if isDead(prefix, node) then orphanAll(prefix, node, lifeMs) end
  end
  local key, oldest, taken = prefix .. 'orphans:' .. likeness, nil, nil
  local known, awaitedMs = readOrphans(key, lifeMs)
  for _, some in ipairs(known) do
    local isSpent = some.left == 0 and some.ageMs > enoughMs and not (awaitedMs and awaitedMs <= some.takenMs)
    if isSpent and some.ageMs > enoughMs + spentMs then
      redis.call('HDEL', key, some.field)
    elseif not isSpent then
      if not oldest or isOlder(some.cursor, oldest) then oldest = some.cursor end
      if some.left > 0 and (not taken or isOlder(some.cursor, taken.cursor)) then taken = some end
    end
  end
  if taken then
    taken.left, taken.takenMs = taken.left - 1, nowMs()
    redis.call('HSET', key, taken.field, printOrphans(taken))
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
