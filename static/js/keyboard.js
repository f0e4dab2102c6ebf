// Shortcuts: / searches, g and a letter goes, ? helps, arrows move between what is marked data-row, o opens beside, x chooses.
// And what scrolls sideways can be scrolled by keys.

const PLACES = { h: "/", p: "/products/", d: "/domains/", l: "/lineage/", m: "/map/", n: "/notifications/" };
const typing = (element) => element.closest("input, textarea, select, [contenteditable]") !== null;
let going = 0; // when g was pressed

const rows = () => [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());

/** Move the selection by `step` rows and put the focus on the row's first link. */
function move(step) {
  const all = rows();
  if (!all.length) return false;
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(Math.max(here + step, 0), all.length - 1)];
  next.querySelector("a[href]")?.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function go(letter) {
  const place = PLACES[letter];
  const link = place && document.querySelector(`.topbar a[href="${place}"]`);
  if (link) location.assign(link.href);
  return Boolean(link);
}

function press(event) {
  switch (event.key) {
    case "/": {
      const box = document.querySelector("main [data-search]") ?? document.querySelector("[data-search]");
      box?.focus();
      box?.select();
      return Boolean(box);
    }
    case "?":
      document.getElementById("keys")?.togglePopover();
      return true;
    case "g":
      going = Date.now();
      return true;
    case "ArrowDown":
      return move(1);
    case "ArrowUp":
      return rows().some((row) => row.contains(document.activeElement)) && move(-1);
    case "o": {
      const link = document.activeElement.closest("[data-row]")?.querySelector("a[href]");
      if (link) window.open(link.href, "_blank", "noopener");
      return Boolean(link);
    }
    case "x": {
      const box = document.activeElement.closest("[data-row]")?.querySelector('input[type="checkbox"]');
      if (box) box.checked = !box.checked;
      return Boolean(box);
    }
    default:
      return false;
  }
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target)) {
    if (event.key === "Escape" && event.target.matches("[data-search]")) event.target.blur();
    return;
  }
  const handled = Date.now() - going < 1000 ? go(event.key) || press(event) : press(event);
  if (handled) event.preventDefault();
  if (event.key !== "g") going = 0;
});

// A table wider than its box is a tab stop where nothing in it is one: not every browser makes it so by itself.
const STOPS = "a[href], button, input, select, textarea, summary, [tabindex]";
const boxes = new ResizeObserver((entries) => entries.forEach(({ target }) => offerStop(target)));

function offerStop(box) {
  const needed = box.scrollWidth > box.clientWidth && !box.querySelector(STOPS);
  if (!needed && !("stop" in box.dataset)) return;
  box.toggleAttribute("data-stop", needed);
  for (const [name, value] of Object.entries({ tabindex: "0", role: "group", "aria-label": nameOf(box) })) {
    if (needed) box.setAttribute(name, value);
    else box.removeAttribute(name);
  }
}

function nameOf(box) {
  return box.closest("section")?.querySelector("h1, h2, h3")?.textContent.trim() || "Table";
}

function watchBoxes() {
  document.querySelectorAll(".table-scroll:not([tabindex])").forEach((box) => boxes.observe(box));
}

document.addEventListener("htmx:after:swap", watchBoxes);
watchBoxes();
