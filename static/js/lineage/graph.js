// The picture for hands: pan by dragging, zoom by buttons, pinch or Ctrl and wheel, arrows walk from box to box,
// the focused box's edges are lit. Without this script the picture scrolls and every box and mark is a link.

const ZOOM_STEP = 1.25;
const SMALLEST = 0.2;
const LARGEST = 3;

function start(graph) {
  const scroll = graph.querySelector("[data-graph-scroll]");
  const svg = scroll.querySelector("svg");
  const natural = { width: svg.width.baseVal.value, height: svg.height.baseVal.value };
  let scale = 1;

  function zoomTo(wanted, x = scroll.clientWidth / 2, y = scroll.clientHeight / 2) {
    const next = Math.min(LARGEST, Math.max(SMALLEST, wanted));
    const left = (scroll.scrollLeft + x) / scale;
    const top = (scroll.scrollTop + y) / scale;
    scale = next;
    svg.setAttribute("width", natural.width * scale);
    svg.setAttribute("height", natural.height * scale);
    scroll.scrollLeft = left * scale - x;
    scroll.scrollTop = top * scale - y;
  }

  function fit() {
    const room = Math.min(scroll.clientWidth / natural.width, scroll.clientHeight / natural.height);
    zoomTo(Math.min(1, room));
  }

  const tools = graph.querySelector("[data-graph-tools]");
  tools.hidden = false;
  tools.addEventListener("click", (event) => {
    const kind = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (kind === "in") zoomTo(scale * ZOOM_STEP);
    if (kind === "out") zoomTo(scale / ZOOM_STEP);
    if (kind === "fit") fit();
  });
  scroll.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = scroll.getBoundingClientRect();
    zoomTo(scale * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });

  dragToPan(scroll);
  walkByArrows(svg, scroll);
  lightEdges(svg);
  const focus = svg.querySelector(".box.hit .frame") ?? svg.querySelector(".box.focus .frame");
  if (focus) centre(scroll, focus);
}

function centre(scroll, element) {
  const box = element.getBoundingClientRect();
  const frame = scroll.getBoundingClientRect();
  scroll.scrollLeft += box.left + box.width / 2 - (frame.left + frame.width / 2);
  scroll.scrollTop += box.top + box.height / 2 - (frame.top + frame.height / 2);
}

function dragToPan(scroll) {
  let from = null;
  scroll.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.pointerType === "touch" || event.target.closest("a")) return;
    from = { x: event.clientX + scroll.scrollLeft, y: event.clientY + scroll.scrollTop };
    scroll.setPointerCapture(event.pointerId);
  });
  scroll.addEventListener("pointermove", (event) => {
    if (!from) return;
    scroll.scrollLeft = from.x - event.clientX;
    scroll.scrollTop = from.y - event.clientY;
  });
  for (const end of ["pointerup", "pointercancel"]) scroll.addEventListener(end, () => { from = null; });
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function walkByArrows(svg, scroll) {
  svg.addEventListener("keydown", (event) => {
    const here = event.target.closest("[data-node]");
    if (event.key === "Escape" && here) {
      scroll.focus();
      return;
    }
    const way = ARROWS[event.key];
    if (!way || !here) return;
    const next = nearest(svg, here, way);
    if (next) {
      event.preventDefault();
      next.focus();
      next.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  });
  scroll.addEventListener("keydown", (event) => {
    if (event.target === scroll && event.key === "Enter") {
      (svg.querySelector(".box.focus [data-node]") ?? svg.querySelector("[data-node]"))?.focus();
    }
  });
}

// The closest box whose middle lies in the arrow's quarter.
function nearest(svg, here, [dx, dy]) {
  const from = middle(here);
  let best = null;
  let least = Infinity;
  for (const node of svg.querySelectorAll("[data-node]")) {
    if (node === here) continue;
    const to = middle(node);
    const along = (to.x - from.x) * dx + (to.y - from.y) * dy;
    const aside = Math.abs((to.x - from.x) * dy) + Math.abs((to.y - from.y) * dx);
    if (along <= 1 || aside > along * 3) continue;
    const distance = along + aside * 2;
    if (distance < least) {
      least = distance;
      best = node;
    }
  }
  return best;
}

function middle(node) {
  const box = node.getBoundingClientRect();
  return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
}

function lightEdges(svg) {
  const edges = [...svg.querySelectorAll(".edge:not(.column)")];
  function light(key) {
    svg.classList.toggle("lit", Boolean(key));
    const near = new Set([key]);
    for (const edge of edges) {
      const touches = edge.dataset.up === key || edge.dataset.down === key;
      edge.classList.toggle("on", touches);
      if (touches) near.add(edge.dataset.up).add(edge.dataset.down);
    }
    for (const box of svg.querySelectorAll(".box")) box.classList.toggle("on", near.has(box.dataset.key));
  }
  const keyOf = (event) => event.target.closest(".box")?.dataset.key;
  svg.addEventListener("pointerover", (event) => light(keyOf(event)));
  svg.addEventListener("pointerleave", () => light(null));
  svg.addEventListener("focusin", (event) => light(keyOf(event)));
  svg.addEventListener("focusout", () => light(null));
}

for (const graph of document.querySelectorAll("[data-graph]")) start(graph);
