-- What scripts know of the streams of an identity.
--
-- rt:streams:<identity>   set: ids of the clients that were bound to it; those that are no more are found when it is full

-- A stream of which nothing is heard for so long is not counted any more.
local streamsLifeMs = 86400000

local function isBound(prefix, identity, id)
  local node, bound = unpack(redis.call('HMGET', prefix .. 'client:' .. id, 'node', 'identity'))
  return bound == identity and redis.call('EXISTS', prefix .. 'node:' .. node) == 1
end

-- Counts a client among those of an identity; false where that has as many as it may.
local function bindStream(prefix, stream)
  local key = prefix .. 'streams:' .. stream.identity
  if redis.call('SCARD', key) >= stream.most then
    for _, id in ipairs(redis.call('SMEMBERS', key)) do
      if not isBound(prefix, stream.identity, id) then redis.call('SREM', key, id) end
    end
    if redis.call('SCARD', key) >= stream.most then return false end
  end
  redis.call('SADD', key, stream.id)
  redis.call('PEXPIRE', key, streamsLifeMs)
  return true
end
