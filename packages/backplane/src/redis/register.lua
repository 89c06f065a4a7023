-- Makes a client findable by every node, or restores an entry that Redis has lost.
--
-- KEYS[1]  rt:client:<id>   hash: node, address, identity, subscriptions, version, keeps
-- KEYS[2]  rt:ticket        counter
-- KEYS[3]  rt:node:<id>     heartbeat key of the owner
-- KEYS[4]  rt:holds:<node>   see orphans.lua
-- ARGV[1]  node id of the owner
-- ARGV[2]  address of the stream, or ""
-- ARGV[3]  identity as <collection id>/<record id>, or "" for a guest
-- ARGV[4]  subscriptions as a JSON array
-- ARGV[5]  version: the ticket that set them, or 0
-- ARGV[6]  life of the entry in milliseconds
-- ARGV[7]  life of the heartbeat key in milliseconds
-- ARGV[8]  "1" where the client keeps a cursor, else "0"
-- ARGV[9]  client id
-- ARGV[10] its hold, or "" where it has none
--
-- Returns "OK".

redis.call('HSET', KEYS[1], 'node', ARGV[1], 'address', ARGV[2], 'identity', ARGV[3],
  'subscriptions', ARGV[4], 'version', ARGV[5], 'keeps', ARGV[8])
if ARGV[10] ~= '' then redis.call('HSET', KEYS[4], ARGV[9], ARGV[10]) end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
-- without its key the owner would count as dead until its next heartbeat
redis.call('SET', KEYS[3], 'registering', 'PX', ARGV[7], 'NX')
-- a counter that was lost with the entry must not hand out tickets again that the owner has seen
if tonumber(ARGV[5]) > tonumber(redis.call('GET', KEYS[2]) or 0) then
  redis.call('SET', KEYS[2], ARGV[5])
end
return 'OK'
