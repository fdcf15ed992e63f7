// Where a key lives: Redis Cluster's hash slot, and the walk from its partition.

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


// walk goes clockwise from a partition and returns the first nodes that it meets.
export function walk(owners, from, most) {
  const met = new Set();
  for (let i = 0; i < owners.length && met.size < most; i++) met.add(owners[(from + i) % owners.length]);
  return [...met];
}
