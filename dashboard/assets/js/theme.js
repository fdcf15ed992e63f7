// Light or dark: as the system says, until the button says otherwise.

import { byId, say, set } from "./dom.js";

const KEY = "quorate-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

export function start(onChange) {
  const button = byId("theme");
  const apply = () => {
    const theme = chosen() ?? (system.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    const other = theme === "dark" ? "Light" : "Dark";
    say(button, other);
    set(button, "aria-label", `${other} theme`);
    onChange();
  };
  button.addEventListener("click", () => {
    const other = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, other);
    } catch {
      // storage is refused: the choice lasts as long as the page
    }
    document.documentElement.dataset.chosen = other;
    apply();
  });
  system.addEventListener("change", apply);
  apply();
}

function chosen() {
  try {
    return localStorage.getItem(KEY) ?? document.documentElement.dataset.chosen;
  } catch {
    return document.documentElement.dataset.chosen;
  }
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
