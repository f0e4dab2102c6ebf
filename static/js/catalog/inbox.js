// The inbox by keyboard: arrows move (keyboard.js), x selects the row, a approves the selection, d asks for the note.

const form = document.querySelector("[data-inbox]");
const typing = (element) => element.closest("input:not([type=checkbox]), textarea, select") !== null;

/** The selected rows; without a selection the one with the focus is selected first. */
function selected() {
  if (!form.querySelector("input[name=stage]:checked")) {
    const box = document.activeElement.closest("[data-row]")?.querySelector("input[name=stage]");
    if (box) box.checked = true;
  }
  return form.querySelector("input[name=stage]:checked") !== null;
}

function press(key) {
  if (key === "x") {
    const box = document.activeElement.closest("[data-row]")?.querySelector("input[name=stage]");
    if (box) box.checked = !box.checked;
    return Boolean(box);
  }
  if (key === "a" && selected()) {
    form.requestSubmit(form.querySelector("button[value=approve]"));
    return true;
  }
  if (key === "d" && selected()) {
    form.querySelector("[name=note]").focus();
    return true;
  }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (!form || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (press(event.key)) event.preventDefault();
});

// Enter in the note would press the first button, which approves: whoever wrote a note chooses a button.
form?.querySelector("[name=note]").addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault();
});
