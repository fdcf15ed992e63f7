// Where a key lives: Redis Cluster's hash slot, and the partition around it.

export const SLOTS = 16384;

// slotOf is CRC16 (XMODEM) of the key, or of its {tag}, modulo the slots.
export function slotOf(bytes) {
  let crc = 0;
  for (const byte of tagged(bytes)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = ((crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff);
  }
  return crc % SLOTS;
}

function tagged(bytes) {
  const open = bytes.indexOf(0x7b);
  if (open < 0) return bytes;
  const close = bytes.indexOf(0x7d, open + 1);
  return close > open + 1 ? bytes.subarray(open + 1, close) : bytes;
}

export const partitionOf = (slot, partitions) => Math.floor(slot / (SLOTS / partitions));

// walk goes clockwise from a partition and returns each node when it is first
// met: [{node, at}], where at is the partition of the token that met it.
export function walk(owners, from) {
  const met = new Map();
  for (let i = 0; i < owners.length; i++) {
    const at = (from + i) % owners.length;
    if (!met.has(owners[at])) met.set(owners[at], at);
  }
  return [...met].map(([node, at]) => ({ node, at }));
}
