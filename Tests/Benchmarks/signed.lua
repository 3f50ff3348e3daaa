-- What wrk sends: signed events, each with an id of its own, as Svix signs them
-- (https://docs.svix.com/receiving/verifying-payloads/how-manual).
-- Environment: BODY, a file; KEY, the signing key as it is, not in base64; RUN, a part of the ids of this load.
local ffi = require("ffi")
ffi.cdef([[
  typedef struct evp_md_st EVP_MD;
  const EVP_MD *EVP_sha256(void);
  unsigned char *HMAC(const EVP_MD *md, const void *key, int key_len, const unsigned char *data, size_t n,
                      unsigned char *out, unsigned int *out_len);
  int EVP_EncodeBlock(unsigned char *text, const unsigned char *data, int n);
]])
local crypto = ffi.load("libcrypto.so.3")

local file = assert(io.open(os.getenv("BODY"), "rb"))
local body = file:read("*a")
file:close()
local key = os.getenv("KEY")
local run = os.getenv("RUN")
local mac, mac_length, text = ffi.new("unsigned char[32]"), ffi.new("unsigned int[1]"), ffi.new("unsigned char[48]")
local number = 0

function request()
  number = number + 1
  local id = "msg_" .. run .. "_" .. number
  local stamp = tostring(os.time())
  local signed = id .. "." .. stamp .. "." .. body
  crypto.HMAC(crypto.EVP_sha256(), key, #key, signed, #signed, mac, mac_length)
  local length = crypto.EVP_EncodeBlock(text, mac, 32)
  return wrk.format("POST", nil, {
    ["content-type"] = "application/json",
    ["svix-id"] = id,
    ["svix-timestamp"] = stamp,
    ["svix-signature"] = "v1," .. ffi.string(text, length),
  }, body)
end
