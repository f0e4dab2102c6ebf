// Another level of detail or another lens of the map: the new picture takes the place of the one that is there, which
// keeps its position and zoom. Without this script the links load the page anew.

async function swap(link) {
  const frame = document.querySelector("[data-map]");
  const svg = frame.querySelector("[data-map-svg]");
  const url = new URL(link.href);
  if (frame.dataset.focus) url.searchParams.set("focus", frame.dataset.focus);
  else url.searchParams.delete("focus");
  frame.setAttribute("aria-busy", "true");
  let page;
  try {
    const response = await fetch(url, { headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) throw new Error(`${response.status}`);
    page = new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    location.assign(url);
    return;
  }
  history.replaceState(null, "", url);
  const fresh = page.querySelector("[data-map-svg]");
  svg.replaceChildren(...fresh.childNodes);
  svg.setAttribute("class", fresh.getAttribute("class").replace(/\b(far|mid|near)\b/, ""));
  Object.assign(frame.dataset, page.querySelector("[data-map]").dataset);
  for (const part of page.querySelectorAll("[data-map-part]")) {
    document.querySelector(`[data-map-part="${part.dataset.mapPart}"]`).replaceWith(part);
  }
  for (const choice of document.querySelectorAll("a[data-swap]")) {
    const twin = page.querySelector(`a[data-swap="${choice.dataset.swap}"]`);
    choice.href = twin.getAttribute("href");
    if (twin.hasAttribute("aria-current")) choice.setAttribute("aria-current", "true");
    else choice.removeAttribute("aria-current");
  }
  frame.removeAttribute("aria-busy");
  frame.dispatchEvent(new Event("mesh-renewed"));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  swap(link);
});
