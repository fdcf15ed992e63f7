// Keys and values may hold any byte. They are sent as {key|value, encoding}, where
// encoding is utf8 or base64; in a path each byte is percent-encoded.

// bytesOf returns the bytes of a text in its encoding.
export function bytesOf(text, encoding) {
  if (encoding === "base64") return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new TextEncoder().encode(text);
}

// inPath encodes a key as the last part of a path.
export function inPath(key, encoding = "utf8") {
  let path = "";
  for (const byte of bytesOf(key, encoding)) {
    const c = String.fromCharCode(byte);
    path += /[A-Za-z0-9_~-]/.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return path;
}

// shown returns a key or value as a text for people; bytes that are not UTF-8 as hex.
export function shown(text, encoding) {
  if (text == null) return "";
  if (encoding !== "base64") return text;
  return [...bytesOf(text, encoding)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
}

// sameKey identifies a key in a map, whatever its encoding.
export const sameKey = (key, encoding = "utf8") => `${encoding}:${key}`;
