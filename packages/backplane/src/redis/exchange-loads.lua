-- Notes down how many streams a node has, and tells it how many the others have. Who is dead is forgotten.
--
-- KEYS[1]  rt:loads  hash: node id -> streams, of all nodes that take more
-- ARGV[1]  what all names begin with, rt:
-- ARGV[2]  id of the node
-- ARGV[3]  its streams, or "" where it takes no more
--
-- Returns the streams of each other node.

local others, all = {}, redis.call('HGETALL', KEYS[1])
for at = 1, #all, 2 do
  if isDead(ARGV[1], all[at]) then
    redis.call('HDEL', KEYS[1], all[at])
  elseif all[at] ~= ARGV[2] then
    others[#others + 1] = tonumber(all[at + 1])
  end
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[2])
else
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
end
return others
