// Numbers, times and lists as a person reads them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export const count = (n) => (n == null ? "–" : whole.format(n));

// plural(2, "hint") is "2 hints".
export const plural = (n, noun, nouns = noun + "s") => `${count(n)} ${n === 1 ? noun : nouns}`;

// short formats a number in at most five characters: 950, 12.3k, 4.1M.
export function short(n) {
  if (n == null) return "–";
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]]) {
    if (n >= size) return `${trim(n / size)}${unit}`;
  }
  return n >= 100 || Number.isInteger(n) ? whole.format(n) : trim(n);
}

const trim = (n) => (n >= 100 ? n.toFixed(0) : n.toFixed(1).replace(/\.0$/, ""));

export function bytes(n) {
  if (n == null) return "–";
  for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]]) {
    if (n >= size) return `${trim(n / size)} ${unit}`;
  }
  return `${n} B`;
}

export function micros(us) {
  if (us == null) return "–";
  if (us < 1000) return `${Math.round(us)} µs`;
  return millis(us / 1000);
}

export function millis(ms) {
  if (ms == null) return "–";
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms >= 10000 ? 0 : 1)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  return `${ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`;
}

// span formats a length of time in its largest unit: 40 s, 12 min, 3 h, 2 d.
export function span(seconds) {
  if (seconds == null) return "–";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

const two = (n) => String(n).padStart(2, "0");

export function clockTime(ms) {
  const t = new Date(ms);
  return `${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}.${String(t.getMilliseconds()).padStart(3, "0")}`;
}

// list joins items: "A, B and C".
export function list(items) {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

export const percent = (part, of) => (of ? `${trim((100 * part) / of)} %` : "0 %");

// cut shortens a text that is only looked at.
export const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
