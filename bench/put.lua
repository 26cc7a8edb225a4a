-- wrk's side of the benchmark: sends the requests that a file holds, one a line (path, tab, body), and ends with
-- one line of JSON. Reading ahead of time would cost memory; a line at a time costs a microsecond.
-- A second argument is how many milliseconds a connection pauses after each answer.
local requests

function init(args)
  requests = assert(io.open(args[1], "r"))
  local pause = tonumber(args[2])
  if pause ~= nil then
    function delay() return pause end
  end
end

function request()
  local line = requests:read("*l")
  if line == nil then
    wrk.thread:stop()
    return "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
  end
  local path, body = line:match("^([^\t]*)\t?(.*)$")
  if body == "" then
    return "GET " .. path .. " HTTP/1.1\r\nHost: localhost\r\n\r\n"
  end
  return "PUT " .. path .. " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
    .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"durationUs":%d,"failed":%d,"refused":%d,"p50Us":%d,"p99Us":%d,"p999Us":%d}\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.timeout, e.status,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
