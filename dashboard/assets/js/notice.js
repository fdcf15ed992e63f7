// What came of an action, said on the page and to a screen reader.

import { byId, h } from "./dom.js";

const STAYS = 6000; // ms
const MOST = 3;

export function notice(text, kind = "") {
  const box = byId("notices");
  const line = h("p", { class: `notice ${kind}` }, text);
  box.append(line);
  while (box.children.length > MOST) box.firstChild.remove();
  setTimeout(() => line.remove(), STAYS);
}

// attempt runs an action, and says how it ended. It resolves to the action's
// result, or undefined when it was refused.
export async function attempt(action, done) {
  try {
    const result = await action();
    if (done) notice(typeof done === "function" ? done(result) : done);
    return result ?? true;
  } catch (error) {
    notice(error.message, "bad");
    return undefined;
  }
}
