-- Sends a client one last frame under a subscription and removes the subscription, at most once.
--
-- KEYS[1]  rt:client:<id>   hash: node, address, identity, subscriptions, version
-- ARGV[1]  address of the sender where it must equal the stream's, else ""
-- ARGV[2]  subscription string
-- ARGV[3]  message for the owner's channel
-- ARGV[4]  what the names of nodes begin with, rt:node:
--
-- Returns one of
--   "unknown-client"   no entry, or its owner is dead
--   "wrong-address"    the stream came from another address
--   "not-subscribed"   the client does not have the subscription, or no longer
--   "no-answer"        the owner does not listen now; nothing was changed
--   "stored"           removed and sent to the owner

local client = redis.call('HMGET', KEYS[1], 'node', 'address', 'subscriptions')
local node, address = client[1], client[2]
if not node then return 'unknown-client' end
local owner = ARGV[4] .. node
if redis.call('EXISTS', owner) == 0 then return 'unknown-client' end
if ARGV[1] ~= '' and address ~= '' and address ~= ARGV[1] then return 'wrong-address' end
local rest, found = {}, false
for _, subscription in ipairs(cjson.decode(client[3])) do
  if subscription == ARGV[2] then found = true else table.insert(rest, subscription) end
end
if not found then return 'not-subscribed' end
if redis.call('PUBLISH', owner, ARGV[3]) == 0 then return 'no-answer' end
-- cjson writes an empty table as an object
redis.call('HSET', KEYS[1], 'subscriptions', #rest == 0 and '[]' or cjson.encode(rest))
return 'stored'
