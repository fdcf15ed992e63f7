// The hash slot of a key, as in Redis Cluster.

export const SLOTS = 16384;

// slotOf returns CRC16 (XMODEM) of the key, or of its {tag}, modulo the slots.
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
