// Where things are on the ring: a picture of 608 by 608 around its centre, slots
// clockwise from twelve o'clock.

export const BAND = { inner: 226, outer: 252 };
export const MOVING = { inner: 214, outer: 221 };
export const KEYS = 260;
export const BADGES = 286;
const NODES = 148;
const CROWDED = 32; // nodes that fit side by side

const TURN = 2 * Math.PI;

// at returns the point a share (0 … 1) of the way around, at a radius.
export function at(share, radius) {
  const angle = share * TURN - Math.PI / 2;
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

const xy = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`;

// sector returns the path of a piece of the band, from one share to another.
export function sector(from, to, { inner, outer }) {
  const far = to - from > 0.5 ? 1 : 0;
  if (to - from > 0.9999) to = from + 0.9999;
  return `M${xy(at(from, outer))}A${outer} ${outer} 0 ${far} 1 ${xy(at(to, outer))}` +
    `L${xy(at(to, inner))}A${inner} ${inner} 0 ${far} 0 ${xy(at(from, inner))}Z`;
}

// arc returns the line along a track's middle, to be drawn as wide as the track.
export function arc(from, to, { inner, outer }) {
  const r = (inner + outer) / 2;
  if (to - from > 0.9999) to = from + 0.9999;
  // So short a piece of a circle is a straight line to the eye, and cheaper.
  if (to - from < 0.004) return `M${xy(at(from, r))}L${xy(at(to, r))}`;
  return `M${xy(at(from, r))}A${r} ${r} 0 ${to - from > 0.5 ? 1 : 0} 1 ${xy(at(to, r))}`;
}

// bands returns owner -> path of all its arcs. Neighbouring tokens of one owner
// are one arc, and an owner is one path, however many tokens it has.
export function bands(owners, track, only = () => true) {
  const pieces = new Map();
  const q = owners.length;
  const gap = q > 512 ? 0 : 0.0003;
  for (let from = 0; from < q;) {
    let to = from + 1;
    while (to < q && owners[to] === owners[from] && only(to) === only(from)) to++;
    if (only(from)) {
      if (!pieces.has(owners[from])) pieces.set(owners[from], []);
      pieces.get(owners[from]).push(arc(from / q + gap, to / q - gap, track));
    }
    from = to;
  }
  return new Map([...pieces].map(([owner, all]) => [owner, all.join("")]));
}

// seats places the nodes on a circle of their own, or on two in turns where there are
// many: {name: {x, y, size}}.
export function seats(names) {
  const apart = names.length > CROWDED ? 30 : 0;
  const size = Math.min(25, Math.max(13, (TURN * NODES) / Math.max(names.length, 1) * 0.33));
  const places = {};
  names.forEach((name, i) => {
    const [x, y] = at(i / names.length, i % 2 ? NODES - apart : NODES);
    places[name] = { x, y, size };
  });
  return places;
}

// bend returns a curve between two points that leans towards the centre.
export function bend(a, b, lean = 0.28) {
  const mid = { x: ((a.x + b.x) / 2) * (1 - lean), y: ((a.y + b.y) / 2) * (1 - lean) };
  return { a, mid, b, path: `M${xy([a.x, a.y])}Q${xy([mid.x, mid.y])} ${xy([b.x, b.y])}` };
}

// along returns the point a share of the way along a bend.
export function along({ a, mid, b }, t) {
  const u = 1 - t;
  return { x: u * u * a.x + 2 * u * t * mid.x + t * t * b.x, y: u * u * a.y + 2 * u * t * mid.y + t * t * b.y };
}

// spread moves shares apart, clockwise, until neighbours are gap away; it keeps
// their order and their middle.
export function spread(shares, gap) {
  const out = [];
  shares.forEach((share, i) => out.push(i ? Math.max(share, out[i - 1] + gap) : share));
  const shift = out.length ? (out.at(-1) - shares.at(-1)) / 2 : 0;
  return out.map((share) => share - shift);
}

// shareAt returns how far around a point lies, and its radius.
export function shareAt(x, y) {
  const share = (Math.atan2(y, x) + Math.PI / 2) / TURN;
  return { share: (share + 1) % 1, radius: Math.hypot(x, y) };
}
