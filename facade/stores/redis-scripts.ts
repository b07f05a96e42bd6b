/**
 * Ends a script that has been run already, also if up to 8 other changes were made since, and one that comes too late.
 * ARGV: the version before, the new version.
 */
const changeOnce = `
    local version = redis.call('HGET', KEYS[1], 'version') or ''
    local past = redis.call('HGET', KEYS[1], 'past') or ''
    if version == ARGV[2] or past:find(ARGV[2], 1, true) then return 1 end
    if version ~= ARGV[1] then return 0 end
    past = (version .. ' ' .. past):sub(1, 8 * 17)`

/**
 * Each runs alone on its server, whole or not at all. A client may send a script a second time when a connection was
 * lost before its answer came: then it answers as the first time, and does nothing twice.
 */
export const redisScripts = {
  /**
   * A record with its version. `ARGV[1]`: `check` to be refused where keys without an expiry are evicted. A script, for
   * clusters send these to the primary: a replica may be behind.
   *
   * Answers `[record, version, handle, claims]`, or a text that says why the server is refused.
   */
  read: `
    if ARGV[1] == 'check' then
      local info = redis.pcall('INFO', 'memory')
      local policy = type(info) == 'string' and info:match('maxmemory_policy:([%w-]+)')
      if not policy then return 'its maxmemory-policy is not known' end
      if policy:match('^allkeys') then return 'its maxmemory-policy is ' .. policy end
    end
    return redis.call('HMGET', KEYS[1], 'record', 'version', 'handle', 'claims')`,

  /**
   * ARGV: the version before (empty: no record), the new version, user, record, the claims with a blank around each, and
   * a handle if there is one.
   */
  write: `
    ${changeOnce}
    redis.call('HSET', KEYS[1], 'version', ARGV[2], 'past', past, 'record', ARGV[4])
    if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'claims', ARGV[5]) else redis.call('HDEL', KEYS[1], 'claims') end
    if ARGV[6] then redis.call('HSET', KEYS[1], 'handle', ARGV[6]) else redis.call('HDEL', KEYS[1], 'handle') end
    redis.call('PERSIST', KEYS[1])
    redis.call('SADD', KEYS[2], ARGV[3])
    return 1`,

  /** ARGV: the version before, the new version, and user. The version stays for a minute, without a record. */
  delete: `
    ${changeOnce}
    redis.call('DEL', KEYS[1])
    redis.call('HSET', KEYS[1], 'version', ARGV[2], 'past', past)
    redis.call('PEXPIRE', KEYS[1], 60000)
    redis.call('SREM', KEYS[2], ARGV[3])
    return 1`,

  /**
   * Takes a claim. ARGV: the new value, the value that may be there if it is another user's. Values are `nonce user`.
   * Answers 1, or 2 in place of a value of the same user, or the value of another user.
   */
  claim: `
    local value = redis.call('GET', KEYS[1])
    local function owner(text) return text:sub(text:find(' ', 1, true) + 1) end
    local own = value and owner(value) == owner(ARGV[1])
    if value and value ~= ARGV[2] and not own then return value end
    redis.call('SET', KEYS[1], ARGV[1])
    return own and 2 or 1`,

  /**
   * Whether a user's record holds a claim: 1 or 0. ARGV: the claim with a blank around it, and a new version, or an empty
   * one to leave the record as it is. With another version, a change of the record that has begun fails.
   */
  fence: `
    local claims = redis.call('HGET', KEYS[1], 'claims')
    if claims and claims:find(ARGV[1], 1, true) then return 1 end
    if ARGV[2] ~= '' then
      redis.call('HSET', KEYS[1], 'version', ARGV[2])
      redis.call('PERSIST', KEYS[1])
    end
    return 0`,

  claimed: `return redis.call('GET', KEYS[1])`,

  /** Removes a claim if it still has this value. */
  release: `
    if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
    return 1`,

  /**
   * KEYS: the list of the challenges of a user, the challenge. ARGV: id, purpose, value, expires, how many may be open.
   * The list holds `<length of the purpose>:<purpose><id>`, oldest first; those taken or expired leave it here. It also
   * uses the challenges that the list names: other keys of the same slot.
   */
  put: `
    local stem = KEYS[2]:sub(1, #KEYS[2] - #ARGV[1])
    local same = {}
    for _, entry in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
      local size, rest = entry:match('^(%d+):(.*)$')
      local id = rest:sub(size + 1)
      if id == ARGV[1] or redis.call('EXISTS', stem .. id) == 0 then
        redis.call('LREM', KEYS[1], 1, entry)
      elseif rest:sub(1, size) == ARGV[2] then
        same[#same + 1] = { entry, id }
      end
    end
    for index = 1, #same + 1 - ARGV[5] do
      redis.call('LREM', KEYS[1], 1, same[index][1])
      redis.call('DEL', stem .. same[index][2])
    end
    redis.call('SET', KEYS[2], ARGV[3], 'PXAT', ARGV[4])
    redis.call('RPUSH', KEYS[1], #ARGV[2] .. ':' .. ARGV[2] .. ARGV[1])
    local time = redis.call('TIME')
    local left = ARGV[4] - (time[1] * 1000 + math.floor(time[2] / 1000))
    if left > redis.call('PTTL', KEYS[1]) then redis.call('PEXPIREAT', KEYS[1], ARGV[4]) end
    return 1`,

  /** The value that was set first. */
  sharedKey: `
    redis.call('SET', KEYS[1], ARGV[1], 'NX')
    return redis.call('GET', KEYS[1])`,

  /** KEYS: the list, what a challenge's key is in front of its id. It uses the challenges that the list names, too. */
  clear: `
    for _, entry in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
      local size, rest = entry:match('^(%d+):(.*)$')
      redis.call('DEL', KEYS[2] .. rest:sub(size + 1))
    end
    return redis.call('DEL', KEYS[1])`,
}
