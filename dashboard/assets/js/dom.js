// Building the page. Every value becomes a text node or an attribute: nothing
// here, or anywhere else, reads markup from data.

const SVG = "http://www.w3.org/2000/svg";

// h makes an HTML element: h("p", { class: "soft" }, "text", child).
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// s makes an SVG element.
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

const asProperty = new Set(["value", "checked", "disabled", "selected", "htmlFor", "textContent"]);

// set gives one attribute, property (value, checked …) or listener (onclick …).
// false, null and undefined take an attribute away.
export function set(element, name, value) {
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (asProperty.has(name)) element[name] = value;
  else if (value === false || value == null) element.removeAttribute(name);
  else {
    const text = value === true ? "" : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
  return element;
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) set(element, name, value);
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) add(element, child);
    else if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

const FOCUSABLE = "a, button, input, select, textarea, summary, [tabindex]";

// nameOf returns what an element that can have the focus is known by when it is made anew.
const nameOf = (e) => e.dataset.focus ?? (e.id || `${e.localName} ${e.getAttribute("aria-label") ?? e.textContent}`);

// put replaces all children. If one of them has the focus, the new one of the same name gets
// it; if there is none, the nearest element around that can have it.
export function put(element, ...children) {
  const active = document.activeElement;
  const held = active !== element && element.contains(active) ? nameOf(active) : null;
  element.replaceChildren();
  add(element, children);
  if (held !== null) {
    const next = [...element.querySelectorAll(FOCUSABLE)].find((e) => nameOf(e) === held) ?? element.closest("[tabindex]");
    next?.focus({ preventScroll: true });
  }
  return element;
}

// say sets an element's text, and touches the page only where it differs.
export function say(element, text) {
  const value = text == null ? "" : String(text);
  if (element.textContent !== value) element.textContent = value;
  return element;
}

// keyed keeps parent's children in step with items: each has an element made
// once by make(item) and refreshed by update(element, item). What did not move
// is not touched.
export function keyed(parent, items, keyOf, make, update) {
  const known = parent.keyedElements ??= new Map();
  const wanted = new Set();
  let at = parent.firstChild;
  for (const item of items) {
    const key = keyOf(item);
    wanted.add(key);
    let element = known.get(key);
    if (!element) {
      element = make(item);
      known.set(key, element);
    }
    if (element === at) at = at.nextSibling;
    else parent.insertBefore(element, at);
    update(element, item);
  }
  for (const [key, element] of known) {
    if (!wanted.has(key)) {
      element.remove();
      known.delete(key);
    }
  }
}

export const byId = (id) => document.getElementById(id);
