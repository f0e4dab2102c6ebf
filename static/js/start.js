// What every page needs from the start: the CSRF header for htmx, copy buttons, counters, dismissals.

const root = document.documentElement;
root.dataset.js = "";

// htmx sends no cookie token by itself: name it for every request that writes.
document.addEventListener("htmx:config:request", (event) => {
  const request = event.detail.ctx.request;
  if (!/^(GET|HEAD|OPTIONS)$/i.test(request.method)) {
    request.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
  }
});

/** Put text on the clipboard; pages served without TLS have no clipboard API, so a selection stands in. */
async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const box = document.createElement("textarea");
  box.value = text;
  box.className = "visually-hidden";
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) {
    try {
      await copy(button.dataset.copy);
    } catch {
      return; // the browser refused: the text stays selectable beside the button
    }
    button.dataset.copied = "";
    button.focus();
    setTimeout(() => delete button.dataset.copied, 2000);
    return;
  }
  event.target.closest?.("[data-dismiss]")?.parentElement.remove();
});

document.addEventListener("input", (event) => {
  const counter = document.getElementById(event.target.dataset?.counted);
  if (!counter) return;
  const length = [...event.target.value].length;
  counter.textContent = `${length} / ${counter.dataset.limit}`;
  counter.toggleAttribute("data-over", length > Number(counter.dataset.limit));
});

// A live region that is itself replaced is not read out: what a replaced part says goes into one that stays.
document.addEventListener("htmx:after:swap", () => {
  const says = document.querySelector("[data-says]")?.dataset.says;
  const said = document.getElementById("said");
  if (says && said && said.textContent !== says) said.textContent = says;
});

// Selects that send their form by themselves keep a button for those without scripts.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
});

document.querySelector("[data-focus]")?.focus();
