-- vestibule.lua -- asks vestibule before a request passes (LuaHookAccessChecker): 200 and its X-Auth-* headers go on to the application;
-- anything else ends the request with that status, and with the way to sign in where there is one. No answer is 503.

local socket = require "socket"

local host, port = "127.0.0.1", 4180
local told = { "X-Auth-User", "X-Auth-Email", "X-Auth-Name", "X-Auth-Groups", "X-Auth-Provider", "X-Auth-Assertion" }

-- What the answer depends on besides the address.
local passed = {
    "Cookie", "Authorization", "Accept", "Accept-Language", "User-Agent", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-Site",
    "Sec-Purpose", "X-Requested-With", "Origin", "traceparent", "tracestate",
}

local function one_line(value)
    return value and not value:find("[%c]") and value or nil
end

-- The status and the headers, names in lower case; nil when there is no answer.
local function question(headers)
    local connection = socket.tcp()
    connection:settimeout(5)
    if not connection:connect(host, port) then return nil end
    local head = { "GET /_vestibule/auth/forward HTTP/1.0" }
    for name, value in pairs(headers) do
        if one_line(value) then head[#head + 1] = name .. ": " .. value end
    end
    connection:send(table.concat(head, "\r\n") .. "\r\n\r\n")
    local first = connection:receive("*l")
    local status = first and tonumber(first:match("^HTTP/1%.[01] (%d%d%d)"))
    local answer = {}
    while status do
        local line = connection:receive("*l")
        if not line then status = nil break end -- the head was cut
        if line == "" then break end
        local name, value = line:match("^([%w%-]+):%s*(.-)%s*$")
        if name then answer[name:lower()] = value end
    end
    connection:close()
    return status, answer
end

function ask(r)
    local headers = {
        ["Host"] = r.headers_in["Host"],
        ["X-Forwarded-Method"] = r.method,
        ["X-Forwarded-Proto"] = r.is_https and "https" or "http",
        ["X-Forwarded-Host"] = r.headers_in["Host"],
        ["X-Forwarded-Uri"] = r.unparsed_uri,
        ["X-Forwarded-For"] = r.useragent_ip,
    }
    for _, name in ipairs(passed) do headers[name] = r.headers_in[name] end
    local status, answer = question(headers)
    if not status then return 503 end
    -- A client's own never reach the application, however they are spelled.
    local theirs = {}
    for name in pairs(r:headers_in_table()) do
        if name:lower():gsub("[_.]", "-"):find("^x%-auth%-") then theirs[#theirs + 1] = name end
    end
    for _, name in ipairs(theirs) do r.headers_in[name] = nil end
    if status == 200 then
        for _, name in ipairs(told) do
            local value = answer[name:lower()]
            if value and value ~= "" then r.headers_in[name] = value end
        end
        return apache2.OK
    end
    r.err_headers_out["Cache-Control"] = "no-store"
    if answer["www-authenticate"] then r.err_headers_out["WWW-Authenticate"] = answer["www-authenticate"] end
    if answer["location"] then r.headers_out["Location"] = answer["location"] end
    return status >= 300 and status or 503
end
