-- Takes back the clients of a node that others took for dead: those whom nobody has adopted are no orphans.
--
-- ARGV[1]  what all names begin with, rt:
-- ARGV[2]  id of the node
-- ARGV[3…] likenesses of its clients
--
-- Returns "OK".

for at = 3, #ARGV do disown(ARGV[1], ARGV[at], ARGV[2]) end
return 'OK'
