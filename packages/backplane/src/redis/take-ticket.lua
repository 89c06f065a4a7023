-- Takes the next ticket: greater than every one before, also where the counter was lost or set back.
--
-- KEYS[1]  rt:ticket   counter: the last ticket, Unix time in microseconds or more
--
-- Returns the ticket.

local time = redis.call('TIME')
local ticket = math.max(time[1] * 1000000 + time[2], tonumber(redis.call('GET', KEYS[1]) or 0) + 1)
-- Lua would write it with an exponent, and lose digits
redis.call('SET', KEYS[1], string.format('%.0f', ticket))
return ticket
