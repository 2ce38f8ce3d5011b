-- What wrk sends, and how it reports. Arguments: kind, path, then tokens.
local kind, path, tokens, sent, run = "get", "/", {}, 0, os.time()

function init(args)
  kind, path = args[1], args[2]
  for i = 3, #args do tokens[#tokens + 1] = args[i] end
  if kind == "refresh" then
    -- Each answer brings the token of the next request, on whichever connection.
    response = function(status, headers, body)
      tokens[#tokens + 1] = body:match('"refresh_token":"([^"]+)"')
    end
  end
end

function request()
  sent = sent + 1
  local headers = { ["Host"] = "127.0.0.1" }
  if kind == "refresh" then
    headers["Content-Type"] = "application/json"
    local body = string.format('{"refresh_token":"%s"}', table.remove(tokens, 1) or "")
    return wrk.format("POST", path, headers, body)
  end
  if kind == "form" then
    headers["Content-Type"], headers["X-Api-Key"], headers["Origin"] = "application/json", tokens[1], tokens[3]
    local body = '{"full_name":"Ada Lovelace","email":"ada.%d@r%d.example","phone_number":"+4930%d",' ..
      '"company_name":"Analytical Engines","notes":"Please send me a quote.","t":"%s"}'
    return wrk.format("POST", path, headers, string.format(body, sent, run, 1000000 + sent % 8999999, tokens[2]))
  end
  if #tokens > 0 then headers["Authorization"] = "Bearer " .. tokens[sent % #tokens + 1] end
  if kind == "get" then return wrk.format("GET", path, headers) end
  headers["Content-Type"] = "application/json"
  if kind == "patch" then
    return wrk.format("PATCH", path, headers, string.format('{"display_name":"Name %d"}', sent))
  end
  local body = string.format('{"identifier":"user%d@example.org","password":"tuba-mint-quarrel-9"}', sent % 1000 + 1)
  return wrk.format("POST", path, headers, body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('\n{"requests":%d,"micros":%d,"failed":%d,"p50":%d,"p95":%d,"p99":%d}\n',
    summary.requests, summary.duration, failed,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
