-- Sets a client's identity and subscriptions, unless a request that arrived later is stored already, and tells its
-- owner. Safe to send again with the same ticket.
--
-- KEYS[1]  rt:client:<id>   hash: node, address, identity, subscriptions, version
-- ARGV[1]  ticket of the request
-- ARGV[2]  address of the sender where it must equal the stream's, else ""
-- ARGV[3]  identity as <collection id>/<record id>, or "" for a guest
-- ARGV[4]  subscriptions as a JSON array
-- ARGV[5]  message for the owner's channel
-- ARGV[6]  what the names of nodes begin with, rt:node:
--
-- Returns {outcome, nodes that took the message}, outcome one of
--   "unknown-client"   no entry, or its owner is dead
--   "wrong-address"    the stream came from another address
--   "wrong-identity"   the stream is bound to another identity
--   "sent"             sent to the owner

local client = redis.call('HMGET', KEYS[1], 'node', 'address', 'identity', 'version')
local node, address, identity, version = client[1], client[2], client[3], client[4]
if not node then return {'unknown-client', 0} end
local owner = ARGV[6] .. node
if redis.call('EXISTS', owner) == 0 then return {'unknown-client', 0} end
if ARGV[2] ~= '' and address ~= '' and address ~= ARGV[2] then return {'wrong-address', 0} end
if identity ~= '' and identity ~= ARGV[3] then return {'wrong-identity', 0} end
if tonumber(version) <= tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], 'identity', ARGV[3], 'subscriptions', ARGV[4], 'version', ARGV[1])
end
-- also where it is late: only the owner knows whether the later request has reached it
return {'sent', redis.call('PUBLISH', owner, ARGV[5])}
