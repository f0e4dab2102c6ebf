// Names of areas keep their size on the glass, are cut to their area and stay in sight while any of it is. The map says
// `mesh-moved`; without scripts the names stand where the server wrote them.

const LETTER = 0.58; // width of a letter in heights of the type; lineage/mesh/svg.py has the same
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function read(frame) {
  return [...frame.querySelectorAll("[data-of]")].map((text) => {
    const rect = frame.querySelector(`[data-area="${CSS.escape(text.dataset.of)}"] .frame`);
    const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name)));
    const depth = Number(/depth-(\d)/.exec(text.getAttribute("class"))[1]);
    return { text, depth, x, y, right: x + width, bottom: y + height, base: Number(text.getAttribute("y")), name: text.dataset.name, count: text.dataset.count };
  });
}

function write(label, letters) {
  const { text, name, count } = label;
  let detail = text.querySelector("tspan");
  if (!detail) {
    detail = document.createElementNS("http://www.w3.org/2000/svg", "tspan");
    detail.setAttribute("class", "detail");
    text.append(detail);
  }
  detail.setAttribute("dx", "0.5em");
  detail.textContent = letters > name.length + count.length + 1 ? count : "";
  text.firstChild.nodeValue = name.length <= letters ? name : letters < 2 ? "" : `${name.slice(0, letters - 1).trimEnd()}…`;
}

function place(label, { x, y, k, unit, width, height }) {
  const { text, depth } = label;
  const [left, top] = [-x / k, -y / k];
  const [right, bottom] = [left + width / k, top + height / k];
  const out = label.x > right || label.y > bottom || label.right < left || label.bottom < top;
  if (out !== label.out) text.toggleAttribute("hidden", out);
  label.out = out;
  if (out) return;
  const top_level = depth === 1;
  const size = clamp((top_level ? 14 : 12) * unit * k, 11, top_level ? 20 : 16) / k;
  text.setAttribute("font-size", size.toFixed(2));
  text.setAttribute("x", (Math.max(label.x, left) + size * 0.8).toFixed(1));
  const lowest = Math.max(label.bottom - size * 0.4, label.base);
  text.setAttribute("y", Math.min(Math.max(label.base, top + depth * size * 1.45), lowest).toFixed(1));
  const letters = Math.floor((Math.min(label.right, right) - Math.max(label.x, left) - 1.4 * size) / (size * LETTER));
  if (letters !== label.letters) write(label, letters);
  label.letters = letters;
}

for (const frame of document.querySelectorAll("[data-map]")) {
  let labels = read(frame);
  frame.addEventListener("mesh-renewed", () => { labels = read(frame); });
  frame.addEventListener("mesh-moved", ({ detail }) => labels.forEach((label) => place(label, detail)));
}
