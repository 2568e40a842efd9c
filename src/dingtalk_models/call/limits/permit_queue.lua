-- The permits of one limit, and the queue for them, for all processes that share this store. It works like
-- `LocalPermitQueue`. Its state is JSON under one key.
--
-- KEYS  1  the state
-- ARGV  1  the action: 'ask' for a permit, or 'pause' everyone
--       2  ask: the caller's ticket, or 0 to join the queue; pause: for how long
--       3  the calls that are allowed in a period
--       4  the period
--       5  the longest way: a call that has been under way for so long counts as answered
--       6  patience: a caller that is late by more than this in asking again has died, and loses its place
--       7  the longest pause that is accepted
--       8… pairs: the ticket of a call that has ended, and how long ago
--
-- Returns how long to wait before asking again (0: the caller has a permit), and the ticket.
--
-- Times and tickets are in ticks of 1/10,000 s. A finer unit would be rounded: cjson writes only 14 digits of a number.

local action, value = ARGV[1], tonumber(ARGV[2])
local calls, period, longest_way = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local patience, longest_pause = tonumber(ARGV[6]), tonumber(ARGV[7])

local seconds = redis.call('TIME')
local clock = seconds[1] * 10000 + math.floor(seconds[2] / 100)

local held = redis.call('GET', KEYS[1])
local readable, state = pcall(cjson.decode, held or '')
if not (readable and type(state) == 'table' and state.clock) then
    state = {clock = clock, time = clock, last = 0, resumes = 0, queue = {}, under_way = {}, resting = {}}
end

-- If the clock is set back, it counts as standing still, so that nobody waits longer. All times below are in this time.
state.time = state.time + math.max(0, clock - state.clock)
state.clock = clock
local now = state.time

-- queue: {ticket, when it asks again}; under_way: {ticket, when it was sent}; resting: when each permit will be free
local queue, under_way, resting = state.queue, state.under_way, state.resting

local function take_out(list, ticket)
    for place, entry in ipairs(list) do
        if entry[1] == ticket then return table.remove(list, place) end
    end
end

-- The permits of calls that have ended rest, and so do those of calls that have been under way for long
for ended = 8, #ARGV, 2 do
    local ticket, arrived = tonumber(ARGV[ended]), now - tonumber(ARGV[ended + 1])
    local left = take_out(under_way, ticket)
    if left then
        table.insert(resting, math.min(arrived, left[2] + longest_way) + period)
    else
        take_out(queue, ticket)
    end
end
while under_way[1] and under_way[1][2] + longest_way <= now do
    table.insert(resting, table.remove(under_way, 1)[2] + longest_way + period)
end
table.sort(resting)
while resting[1] and resting[1] <= now do table.remove(resting, 1) end

local wait, ticket = 0, value
if action == 'pause' then state.resumes = math.max(state.resumes, now + value) end
state.resumes = math.min(state.resumes, now + longest_pause)

if action == 'ask' then
    if ticket == 0 then
        ticket = math.max(now, state.last + 1)
        state.last = ticket
    end
    take_out(queue, ticket)
    local place = 0  -- how many callers are ahead
    for at = #queue, 1, -1 do
        if queue[at][2] + patience < now then
            table.remove(queue, at)
        elseif queue[at][1] < ticket then
            place = place + 1
        end
    end
    local free = calls - #under_way - #resting
    if place < free and state.resumes <= now then
        table.insert(under_way, {ticket, now})
    else
        local at = now
        if place >= free then
            local behind = place - free
            at = (resting[behind % calls + 1] or now + period) + math.floor(behind / calls) * period
        end
        wait = math.max(state.resumes, at) - now
        table.insert(queue, place + 1, {ticket, now + wait})
    end
end

-- The state is deleted when nobody can be waiting, no permit resting and no call under way
local idle = math.max(state.resumes - now, wait, longest_way) + period + patience
redis.call('SET', KEYS[1], cjson.encode(state), 'PX', string.format('%.0f', idle / 10))
return {wait, ticket}
