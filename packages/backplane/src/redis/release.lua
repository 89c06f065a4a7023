-- Makes a client a guest, unless it is bound to another identity by now.
--
-- KEYS[1]  rt:client:<id>   hash: node, address, identity, subscriptions, version
-- ARGV[1]  identity as <collection id>/<record id>
--
-- Returns 1 where it was bound to that identity, else 0.

if redis.call('HGET', KEYS[1], 'identity') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'identity', '')
return 1
