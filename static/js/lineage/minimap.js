// The whole picture in a corner, with a frame around what is in sight; a click or the arrow keys move the frame.

const NS = "http://www.w3.org/2000/svg";
const WIDTH = 160;
const HEIGHT = 110;

function minimap(graph, scroll, svg) {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const map = document.createElementNS(NS, "svg");
  map.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const scale = Math.min(WIDTH / width, HEIGHT / height);
  map.setAttribute("width", width * scale);
  map.setAttribute("height", height * scale);
  map.classList.add("minimap");
  map.setAttribute("aria-hidden", "true");
  for (const frame of svg.querySelectorAll(".box > .frame")) {
    const box = frame.parentNode.transform.baseVal.consolidate().matrix;
    const dot = document.createElementNS(NS, "rect");
    dot.setAttribute("x", box.e);
    dot.setAttribute("y", box.f);
    dot.setAttribute("width", frame.getAttribute("width"));
    dot.setAttribute("height", frame.getAttribute("height"));
    dot.classList.toggle("focus", frame.parentNode.classList.contains("focus"));
    dot.classList.toggle("hit", frame.parentNode.classList.contains("hit"));
    map.append(dot);
  }
  const sight = document.createElementNS(NS, "rect");
  sight.classList.add("sight");
  map.append(sight);

  function show() {
    const drawn = svg.getBoundingClientRect();
    const seen = scroll.getBoundingClientRect();
    const factor = width / drawn.width;
    const left = Math.max(0, (seen.left - drawn.left) * factor);
    const top = Math.max(0, (seen.top - drawn.top) * factor);
    const wide = Math.min(width - left, seen.width * factor);
    const high = Math.min(height - top, seen.height * factor);
    sight.setAttribute("x", left);
    sight.setAttribute("y", top);
    sight.setAttribute("width", Math.max(0, wide));
    sight.setAttribute("height", Math.max(0, high));
    map.toggleAttribute("hidden", wide >= width - 1 && high >= height - 1);
  }

  function moveTo(event) {
    const box = map.getBoundingClientRect();
    const drawn = svg.getBoundingClientRect();
    scroll.scrollLeft = ((event.clientX - box.left) / box.width) * drawn.width - scroll.clientWidth / 2;
    scroll.scrollTop = ((event.clientY - box.top) / box.height) * drawn.height - scroll.clientHeight / 2;
  }

  map.addEventListener("pointerdown", (event) => {
    map.setPointerCapture(event.pointerId);
    moveTo(event);
  });
  map.addEventListener("pointermove", (event) => { if (event.buttons) moveTo(event); });
  scroll.addEventListener("scroll", show, { passive: true });
  new ResizeObserver(show).observe(svg);
  graph.append(map);
  show();
}

for (const graph of document.querySelectorAll("[data-graph]")) {
  minimap(graph, graph.querySelector("[data-graph-scroll]"), graph.querySelector("[data-graph-scroll] svg"));
}
