-- wrk sends the lines of a file in order: method, path and body between tabs. Arguments: the file, the token, how many lines to skip.
local requests, at = {}, 0

function init(args)
  local headers = { ["content-type"] = "application/json", ["accept"] = "application/json" }
  if args[2] and args[2] ~= "" then headers["authorization"] = "Bearer " .. args[2] end
  at = tonumber(args[3] or 0)
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^(%u+)\t([^\t]*)\t(.*)$")
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('RESULT {"answered":%d,"microseconds":%d,"p50":%.3f,"p99":%.3f,"refused":%d,"failed":%d}\n', summary.requests,
    summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
