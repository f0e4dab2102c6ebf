// The map by keyboard: arrows walk to the nearest place, Enter follows it, + - 0 zoom, Esc leaves. What is walked on are
// products where they can be read, domains where they cannot. It tells the map what to do by events.

const STEP = 1.4;
const MARGIN = 90; // pixels that stay between the place walked to and the edge
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function listen(stage) {
  const svg = stage.querySelector("[data-map-svg]");
  const tell = (name, detail) => stage.dispatchEvent(new CustomEvent(name, { detail }));

  function middle(node) {
    const shape = node.closest("[data-area]") ? node.querySelector(".frame") : node;
    const box = shape.getBoundingClientRect();
    const origin = stage.getBoundingClientRect();
    return { x: box.left + box.width / 2 - origin.left, y: box.top + box.height / 2 - origin.top, left: box.left - origin.left, top: box.top - origin.top };
  }

  function places(node) {
    const products = !svg.classList.contains("far") && svg.querySelector(".p") && (!node || node.closest(".p") || svg.classList.contains("near") || !node.closest("[data-area]"));
    return [...svg.querySelectorAll(products ? ".p > [data-node]" : "[data-area] > [data-node]")];
  }

  /** The first place in sight. */
  function first(candidates) {
    let best = null;
    let least = Infinity;
    for (const node of candidates) {
      const at = middle(node);
      const seen = at.x >= 0 && at.y >= 0 && at.x <= stage.clientWidth && at.y <= stage.clientHeight;
      if (seen && at.x + at.y < least) [best, least] = [node, at.x + at.y];
    }
    return best;
  }

  /** The closest place whose middle lies in the arrow's quarter. */
  function beside(node, [dx, dy]) {
    const candidates = places(node);
    if (!node) return first(candidates);
    const from = middle(node);
    let best = null;
    let least = Infinity;
    for (const other of candidates) {
      if (other === node) continue;
      const at = middle(other);
      const along = (at.x - from.x) * dx + (at.y - from.y) * dy;
      const aside = Math.abs((at.x - from.x) * dy) + Math.abs((at.y - from.y) * dx);
      if (along > 1 && aside <= along * 3 && along + aside * 2 < least) [best, least] = [other, along + aside * 2];
    }
    return best;
  }

  function goTo(node) {
    if (!node) return;
    node.focus({ preventScroll: true });
    const { x, y } = middle(node);
    const over = (at, length) => (at < MARGIN ? MARGIN - at : at > length - MARGIN ? length - MARGIN - at : 0);
    const [dx, dy] = [over(x, stage.clientWidth), over(y, stage.clientHeight)];
    if (dx || dy) tell("mesh-pan", { dx, dy });
  }

  /** A product gives way to its domain, a domain to the whole map. */
  function leave(node) {
    const tile = node.closest("[data-tile]");
    if (tile) return goTo(svg.querySelector(`[data-area="${CSS.escape(tile.dataset.tile)}"] > a`));
    tell("mesh-leave");
    tell("mesh-whole");
    stage.focus();
  }

  function zoom(node, factor) {
    const at = node ? middle(node) : { x: stage.clientWidth / 2, y: stage.clientHeight / 2 };
    tell("mesh-zoom", { factor, x: at.x, y: at.y });
  }

  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const node = event.target.closest("[data-node]");
    const way = ARROWS[event.key];
    if (event.key === "+" || event.key === "=") zoom(node, STEP);
    else if (event.key === "-" || event.key === "_") zoom(node, 1 / STEP);
    else if (event.key === "0") tell("mesh-whole");
    else if (event.key === "Escape" && node) leave(node);
    else if (event.key === "Enter" && !node) goTo(svg.querySelector(".focus > [data-node]") ?? first(places(null)));
    else if (way) goTo(beside(node, way));
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

for (const stage of document.querySelectorAll("[data-map-stage]")) listen(stage);
