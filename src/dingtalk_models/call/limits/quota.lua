-- Counts the calls of a month for all processes that share this store.
--
-- KEYS  1  the count
-- ARGV  1  how many calls to count; -1 takes one back
--       2  how many calls are allowed
--       3  the seconds after which the count is deleted
--
-- Returns 1 if they were counted, 0 if that would be too many.

local counted = tonumber(redis.call('GET', KEYS[1]) or '0') + ARGV[1]
if counted > tonumber(ARGV[2]) then return {0} end
redis.call('SET', KEYS[1], string.format('%.0f', counted), 'EX', ARGV[3])
return {1}
