-- Sets a client's identity and subscriptions, unless a request that arrived later is stored already, and tells its
-- owner. Safe to send again with the same ticket.
--
-- The first request of a client that keeps no cursor adopts an orphan with the same identity and subscriptions.
--
-- KEYS[1]  rt:client:<id>   hash: node, address, identity, subscriptions, version, keeps, adopted
-- ARGV[1]  ticket of the request
-- ARGV[2]  address of the sender where it must equal the stream's, else ""
-- ARGV[3]  identity as <collection id>/<record id>, or "" for a guest
-- ARGV[4]  subscriptions as a JSON array
-- ARGV[5]  message for the owner's channel
-- ARGV[6]  what all names begin with, rt:
-- ARGV[7]  client id
-- ARGV[8]  likeness: what clients with this identity and these subscriptions have in common
-- ARGV[9]  life of an orphan in milliseconds; 0 where there are none
-- ARGV[10] most streams of the identity; 0 where there is no limit
--
-- Returns {outcome, nodes that took the message}, outcome one of
--   "unknown-client"   no entry, or its owner is dead
--   "wrong-address"    the stream came from another address
--   "wrong-identity"   the stream is bound to another identity
--   "too-many-streams" the identity has as many as it may
--   "sent"             sent to the owner; where no node took the message nothing was changed

local client = redis.call('HMGET', KEYS[1], 'node', 'address', 'identity', 'version', 'keeps', 'adopted')
local node, address, identity, version, keeps, adopted = unpack(client)
if not node then return {'unknown-client', 0} end
local prefix = ARGV[6]
local owner = prefix .. 'node:' .. node
if redis.call('EXISTS', owner) == 0 then return {'unknown-client', 0} end
if ARGV[2] ~= '' and address ~= '' and address ~= ARGV[2] then return {'wrong-address', 0} end
if identity ~= '' and identity ~= ARGV[3] then return {'wrong-identity', 0} end
-- for an owner that does not listen nothing is stored: its clients are orphans now, or it is asked again
if isDead(prefix, node) then return {'sent', 0} end
local most = tonumber(ARGV[10])
if most > 0 and identity == '' and not bindStream(prefix, {identity = ARGV[3], id = ARGV[7], most = most}) then
  return {'too-many-streams', 0}
end
if tonumber(version) <= tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'identity', ARGV[3], 'subscriptions', ARGV[4], 'version', ARGV[1])
  if keeps == '0' and ARGV[9] ~= '0' then
    if version == '0' then
      adopted = adopt(prefix, ARGV[8], tonumber(ARGV[9]))
      if adopted then redis.call('HSET', KEYS[1], 'adopted', adopted) end
    end
    hold(prefix, {node = node, id = ARGV[7], likeness = ARGV[8], adopted = adopted})
  end
end
local message = ARGV[5]
-- a message that is sent again says it again: the owner may have missed the first
if adopted then message = string.sub(message, 1, -2) .. ',"adopted":"' .. adopted .. '"}' end
-- also where it is late: only the owner knows whether the later request has reached it
return {'sent', redis.call('PUBLISH', owner, message)}
