-- vestibule.lua -- asks vestibule before a request passes (http-request lua.vestibule): 200 and its X-Auth-* headers go on, whatever else
-- it answers is the answer. No answer is 503.
--
-- VESTIBULE in the environment says where it is: http://127.0.0.1:4180

local question = os.getenv("VESTIBULE") .. "/_vestibule/auth/forward"
local told = { "x-auth-user", "x-auth-email", "x-auth-name", "x-auth-groups", "x-auth-provider", "x-auth-assertion" }

-- What the answer depends on besides the address.
local passed = {
    "cookie", "authorization", "accept", "accept-language", "user-agent", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site",
    "sec-purpose", "x-requested-with", "x-request-id", "traceparent", "tracestate", "origin",
}

-- Of several lines nobody knows which one counts, so all are told.
local function lines(headers, name)
    local found = {}
    local i = 0
    while headers[name] and headers[name][i] do
        found[#found + 1] = headers[name][i]
        i = i + 1
    end
    return found
end

core.register_action("vestibule", { "http-req" }, function(txn)
    local headers = txn.http:req_get_headers()
    local ask = {
        ["x-forwarded-method"] = { txn.f:method() },
        ["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
        ["x-forwarded-host"] = lines(headers, "host"),
        ["x-forwarded-uri"] = { txn.sf:pathq() },
        ["x-forwarded-for"] = { txn.f:src() },
    }
    for _, name in ipairs(passed) do
        local values = lines(headers, name)
        if #values > 0 then ask[name] = values end
    end
    local answer = core.httpclient():get({ url = question, headers = ask, timeout = 5000 })
    if answer and answer.status == 200 then
        for _, name in ipairs(told) do
            local value = answer.headers[name] and answer.headers[name][0]
            txn.http:req_del_header(name)
            if value and value ~= "" then txn.http:req_add_header(name, value) end
        end
        return
    end
    local reply = txn:reply({ status = answer and answer.status >= 300 and answer.status or 503 })
    for name, values in pairs(answer and answer.headers or {}) do
        if name ~= "content-length" and name ~= "transfer-encoding" and name ~= "connection" then
            for _, value in pairs(values) do reply:add_header(name, value) end
        end
    end
    reply:set_body(answer and answer.body or "")
    txn:done(reply)
end)
