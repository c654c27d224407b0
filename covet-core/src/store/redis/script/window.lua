-- A sliding window (`window.rs`): how many events it keeps, and their groups, oldest first, ten bytes each: the time of
-- the newest event (I6), how many (I4). Only the groups at the ends are ever unpacked.

local function windows()
  local GROUPS, MOST, GROUP = 32, 33, 10
  local U32 = 4294967295
  local window = {}

  function window.empty()
    return { total = 0, groups = '' }
  end

  -- The window at a place of an entry and the place behind it; nil when it cannot be one.
  function window.unpack(entry, at)
    if #entry < at + 4 then return nil end
    local total, count = struct.unpack('>I4B', entry, at)
    local behind = at + 5 + count * GROUP
    if #entry < behind - 1 then return nil end
    return { total = total, groups = string.sub(entry, at + 5, behind - 1) }, behind
  end

  function window.pack(self)
    return struct.pack('>I4B', self.total, #self.groups / GROUP) .. self.groups
  end

  function window.newest(self)
    if self.groups == '' then return nil end
    return (struct.unpack('>I6', self.groups, #self.groups - GROUP + 1))
  end

  -- How many events count, and when the oldest of them will stop to.
  function window.live(self, at, length)
    local count = self.total
    for place = 1, #self.groups, GROUP do
      local newest, events = struct.unpack('>I6I4', self.groups, place)
      if newest + length > at then return count, newest + length end
      count = math.max(count - events, 0)
    end
    return 0, nil
  end

  -- When at most `count` of the kept events will still count.
  function window.falls_to(self, count, length)
    local left, at = self.total, nil
    for place = 1, #self.groups, GROUP do
      if left <= count then break end
      local newest, events = struct.unpack('>I6I4', self.groups, place)
      left = math.max(left - events, 0)
      at = newest + length
    end
    return at
  end

  local function drop_oldest(self)
    self.groups = string.sub(self.groups, GROUP + 1)
  end

  local function push(self, time, count)
    if #self.groups >= MOST * GROUP then
      -- Only a changed limit fills the ring: the two oldest groups count as one, the longer way.
      local _, oldest = struct.unpack('>I6I4', self.groups)
      drop_oldest(self)
      local newest, next = struct.unpack('>I6I4', self.groups)
      drop_oldest(self)
      self.groups = struct.pack('>I6I4', newest, math.min(next + oldest, U32)) .. self.groups
    end
    self.groups = self.groups .. struct.pack('>I6I4', time, count)
  end

  local function forget_gone(self, at, length)
    while self.groups ~= '' do
      local newest, events = struct.unpack('>I6I4', self.groups)
      if newest + length > at then return end
      self.total = math.max(self.total - events, 0)
      drop_oldest(self)
    end
  end

  -- Adds events at a time not before the newest, in groups made for `limit`; forgets what has left.
  function window.add(self, count, limit, at, length)
    forget_gone(self, at, length)
    self.total = math.min(self.total + count, U32)
    local size = math.max(math.ceil(limit / GROUPS), 1)
    if self.groups ~= '' then
      local place = #self.groups - GROUP
      local _, events = struct.unpack('>I6I4', self.groups, place + 1)
      if events < size then
        local joined = math.min(count, size - events)
        self.groups = string.sub(self.groups, 1, place) .. struct.pack('>I6I4', at, events + joined)
        count = count - joined
      end
    end
    while count > 0 do
      push(self, at, math.min(count, size))
      count = count - size
    end
  end

  -- Forgets the oldest events that no decision at `limit` needs.
  function window.keep(self, limit)
    while self.groups ~= '' do
      local _, events = struct.unpack('>I6I4', self.groups)
      if self.total - events < limit then return end
      self.total = self.total - events
      drop_oldest(self)
    end
  end

  return window
end
