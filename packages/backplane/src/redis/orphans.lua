-- What scripts know of orphans.
--
-- rt:nodes               set: ids of the nodes that have holds
-- rt:holds:<node>        hash: client id -> "<likeness>", or "<likeness> <cursor>" where the client lags;
--                        "@" -> "<cursor>" that all others have had
-- rt:orphans:<likeness>  hash: "<cursor> <node>" -> "<how many nobody has adopted> <Unix milliseconds of the last>"

-- How long clients that are alike come back in another order than they left in.
local reorderMs = 2000

local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function isOlder(one, other)
  local ms, number = string.match(one, '^(%d+)-(%d+)')
  local otherMs, otherNumber = string.match(other, '^(%d+)-(%d+)')
  if ms ~= otherMs then return tonumber(ms) < tonumber(otherMs) end
  return tonumber(number) < tonumber(otherNumber)
end

-- Adds orphans of one likeness that were at the same place.
local function addOrphans(prefix, likeness, orphan)
  local key, field = prefix .. 'orphans:' .. likeness, orphan.cursor .. ' ' .. orphan.node
  local left = string.match(redis.call('HGET', key, field) or '0', '^%d+')
  redis.call('HSET', key, field, string.format('%.0f %.0f', left + orphan.count, nowMs()))
  redis.call('PEXPIRE', key, orphan.lifeMs)
end

-- Makes orphans of all clients of a dead node.
local function orphanAll(prefix, node, lifeMs)
  local holds, counts = prefix .. 'holds:' .. node, {}
  local position = redis.call('HGET', holds, '@')
  local all = redis.call('HGETALL', holds)
  for at = 1, #all, 2 do
    local likeness, cursor = string.match(all[at + 1], '^(%S+) ?(%S*)$')
    if cursor == '' then cursor = position end
    if all[at] ~= '@' and cursor then
      local orphan = likeness .. ' ' .. cursor
      counts[orphan] = (counts[orphan] or 0) + 1
    end
  end
  for orphan, count in pairs(counts) do
    local likeness, cursor = string.match(orphan, '^(%S+) (%S+)$')
    addOrphans(prefix, likeness, {cursor = cursor, node = node, count = count, lifeMs = lifeMs})
  end
  redis.call('DEL', holds)
  redis.call('SREM', prefix .. 'nodes', node)
end

local function isDead(prefix, node)
  local name = prefix .. 'node:' .. node
  return redis.call('EXISTS', name) == 0 or redis.call('PUBSUB', 'NUMSUB', name)[2] == 0
end

-- Takes the oldest orphan of a likeness. Clients that are alike cannot be told apart: each begins where the first of
-- those was that left together, and may get again what another one has had. One that left by itself may have come before
-- an orphan: shortly after the end there are enough for all.
-- Returns its cursor, or nil.
local function adopt(prefix, likeness, lifeMs)
  for _, node in ipairs(redis.call('SMEMBERS', prefix .. 'nodes')) do
    if isDead(prefix, node) then orphanAll(prefix, node, lifeMs) end
  end
  local key, now, oldest, taken = prefix .. 'orphans:' .. likeness, nowMs(), nil, nil
  local all = redis.call('HGETALL', key)
  for at = 1, #all, 2 do
    local cursor = string.match(all[at], '^%S+')
    local left, leftMs = string.match(all[at + 1], '^(%d+) (%d+)$')
    local ageMs = now - leftMs
    if ageMs > lifeMs then
      redis.call('HDEL', key, all[at])
    elseif left ~= '0' or ageMs < reorderMs then
      if not oldest or isOlder(cursor, oldest) then oldest = cursor end
      if left ~= '0' and (not taken or isOlder(cursor, taken.cursor)) then
        taken = {field = all[at], cursor = cursor, rest = (left - 1) .. ' ' .. leftMs}
      end
    end
  end
  if taken then redis.call('HSET', key, taken.field, taken.rest) end
  return oldest
end
