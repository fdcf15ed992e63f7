// Questions asked before something is done. The browser's own <dialog> keeps the
// focus and closes with Escape.

import { h } from "./dom.js";

// ask opens a dialog with the given fields and resolves to the form's data when
// it is confirmed, to null when it is not.
export function ask({ title, text, fields = [], confirm, danger = false }) {
  return new Promise((resolve) => {
    const form = h("form", { method: "dialog" }, text ? h("p", { class: "soft" }, text) : null, fields,
      h("div", { class: "buttons" },
        h("button", { type: "button", onclick: () => close(null) }, "Cancel"),
        h("button", { type: "submit", class: danger ? "danger" : "primary" }, confirm)));
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, h("h2", { id: "dialog-title" }, title), form);
    const before = document.activeElement;
    const close = (value) => {
      dialog.close();
      dialog.remove();
      before?.focus?.();
      resolve(value);
    };
    // The dialog is closed by hand: a form that submits would be a navigation to
    // the page's policy.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      close(new FormData(form));
    });
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export const field = (label, control) => h("label", {}, h("span", {}, label), control);

// choice makes a row of radio buttons: options [[value, label]].
export function choice(name, legend, options, chosen) {
  return h("fieldset", { class: "choice" }, h("legend", {}, legend),
    options.map(([value, label]) => h("label", { class: "inline" }, h("input", { type: "radio", name, value, checked: value === chosen }), label)));
}
