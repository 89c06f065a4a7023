-- Forgets a client that leaves its node, or makes an orphan of it.
--
-- KEYS[1]  rt:client:<id>    hash: node, address, identity, subscriptions, version, keeps, adopted
-- KEYS[2]  rt:holds:<node>   see orphans.lua
-- ARGV[1]  client id
-- ARGV[2]  node id of the owner
-- ARGV[3]  where the orphan was, or "" where the client is none
-- ARGV[4]  "1" where the owner has applied a request of the client, else "0"
-- ARGV[5]  what all names begin with, rt:
-- ARGV[6]  life of an orphan in milliseconds
-- ARGV[7]  likeness of the client, or "" where nobody could adopt it
--
-- Returns "OK".

local hold, cursor, likeness = redis.call('HGET', KEYS[2], ARGV[1]), ARGV[3], ARGV[7]
if ARGV[4] == '0' then
  -- an orphan that was adopted in vain can be adopted again
  cursor = redis.call('HGET', KEYS[1], 'adopted') or ''
  likeness = hold and string.match(hold, '^%S+') or ''
end
-- what was done before, and the node did not hear so, is not done again
if likeness ~= '' and (hold or redis.call('EXISTS', KEYS[1]) == 1) then
  -- others took the node for dead, and made an orphan of the client while it was alive
  if not hold then disown(ARGV[5], likeness, ARGV[2]) end
  local orphan = {cursor = cursor, maker = ARGV[2], count = 1, lifeMs = tonumber(ARGV[6])}
  if cursor ~= '' then addOrphans(ARGV[5], likeness, orphan) end
end
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[1])
return 'OK'
