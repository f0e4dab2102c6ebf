// What only a script can do for the picture: the slider of days, the PNG, the way to what was found.

const DAY = 86_400_000;

// A slider of the last two years beside the field of the day; letting go asks for that day.
function slider(form) {
  const range = form.querySelector("[data-days]");
  const field = form.querySelector("input[name=at]");
  if (!range || !field) return;
  const today = Date.parse(`${new Date().toISOString().slice(0, 10)}T00:00:00Z`);
  const most = Number(range.max);
  const chosen = field.value ? Date.parse(`${field.value}T00:00:00Z`) : today;
  range.value = String(most - Math.min(most, Math.round((today - chosen) / DAY)));
  range.closest("[hidden]")?.removeAttribute("hidden");
  range.addEventListener("input", () => {
    const back = most - Number(range.value);
    field.value = back ? new Date(today - back * DAY).toISOString().slice(0, 10) : "";
  });
  range.addEventListener("change", () => form.requestSubmit());
}

// The SVG file drawn by the browser at twice its size.
function png(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const answer = await fetch(button.dataset.png);
    if (!answer.ok) return;
    const text = await answer.text();
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    const scale = Math.min(2, 8000 / Math.max(image.naturalWidth, image.naturalHeight));
    canvas.width = image.naturalWidth * scale;
    canvas.height = image.naturalHeight * scale;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
}

// All columns on the way to and from the one under the pointer or the focus.
function lightColumns(svg) {
  const curves = [...svg.querySelectorAll(".edge.column")];
  if (!curves.length) return;
  const reach = (start, from, to) => {
    const found = new Set([start]);
    for (const waiting = [start]; waiting.length;) {
      const here = waiting.pop();
      for (const curve of curves) {
        if (curve.dataset[from] !== here) continue;
        curve.classList.add("on");
        if (!found.has(curve.dataset[to])) {
          found.add(curve.dataset[to]);
          waiting.push(curve.dataset[to]);
        }
      }
    }
    return found;
  };
  const light = (key) => {
    svg.classList.toggle("path-lit", Boolean(key));
    for (const lit of svg.querySelectorAll(".column.on")) lit.classList.remove("on");
    if (!key) return;
    const near = new Set([...reach(key, "up", "down"), ...reach(key, "down", "up")]);
    for (const row of svg.querySelectorAll("[data-column]")) row.classList.toggle("on", near.has(row.dataset.column));
  };
  const keyOf = (event) => event.target.closest("[data-column]")?.dataset.column;
  svg.addEventListener("pointerover", (event) => light(keyOf(event)));
  svg.addEventListener("pointerleave", () => light(null));
  svg.addEventListener("focusin", (event) => light(keyOf(event)));
  svg.addEventListener("focusout", () => light(null));
}

for (const form of document.querySelectorAll("[data-picture-form]")) slider(form);
for (const button of document.querySelectorAll("[data-png]")) png(button);
for (const svg of document.querySelectorAll("[data-graph] .lineage-svg")) lightColumns(svg);
