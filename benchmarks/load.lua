-- wrk cycles through ready-made HTTP requests, at full speed or, given a rate, on a schedule that does not wait for answers.
local ffi = require("ffi")
ffi.cdef[[ typedef struct { long seconds; long micros; } moment; int gettimeofday(moment *now, void *zone); ]]

local requests, at = {}, 0
local moment, due, gap_ms = ffi.new("moment"), nil, nil

local function now_ms()
  ffi.C.gettimeofday(moment, nil)
  return tonumber(moment.seconds) * 1e3 + tonumber(moment.micros) / 1e3
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  while true do
    local length = file:read("*n")
    if not length then break end
    file:read(1)
    requests[#requests + 1] = file:read(length)
  end
  file:close()
end

function request()
  at = at % #requests + 1
  return requests[at]
end

-- Timers of wrk tick in milliseconds: rounding at random keeps the schedule's mean, and the rate is the schedule's.
local function wait_for_turn()
  local now = now_ms()
  due = math.max(due or now, now - 1000) - gap_ms * math.log(1 - math.random())
  return math.max(0, math.floor(due - now + math.random()))
end

if os.getenv("LOAD_RATE") then
  gap_ms = 1e3 / tonumber(os.getenv("LOAD_RATE"))
  delay = wait_for_turn
end

function done(summary, latency)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("LOAD %d %d %.3f %.3f %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), broken, errors.status))
end
