// The theme switch without a page load; the server keeps the choice in a cookie and draws the next page with it.

const root = document.documentElement;

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches(".theme-choice")) return;
  event.preventDefault();
  const button = event.submitter;
  const chosen = button.value;
  if (chosen === "system") delete root.dataset.theme;
  else root.dataset.theme = chosen;
  for (const other of form.querySelectorAll("button[name=theme]")) {
    other.setAttribute("aria-pressed", String(other === button));
  }
  const body = new FormData(form);
  body.set("theme", chosen);
  await fetch(form.action, { method: "POST", body, redirect: "manual" });
});
