// Drag, pinch and wheel on the map, told to it as `mesh-pan` and `mesh-zoom`. A press that became a drag is no click.

const FAR_ENOUGH = 4; // pixels a pointer moves before a press is a drag

function follow(stage, svg) {
  const pointers = new Map();
  let dragged = false;
  const tell = (name, detail) => stage.dispatchEvent(new CustomEvent(name, { detail }));
  const spread = () => {
    const [a, b] = pointers.values();
    return { apart: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };

  svg.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (!pointers.size) dragged = false;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY, from: { x: event.clientX, y: event.clientY } });
  });
  svg.addEventListener("pointermove", (event) => {
    const pointer = pointers.get(event.pointerId);
    if (!pointer) return;
    const before = pointers.size === 2 ? spread() : null;
    const [dx, dy] = [event.clientX - pointer.x, event.clientY - pointer.y];
    if (!dragged && Math.hypot(event.clientX - pointer.from.x, event.clientY - pointer.from.y) > FAR_ENOUGH) {
      dragged = true;
      svg.setPointerCapture(event.pointerId);
      svg.classList.add("moving");
    }
    if (!dragged) return;
    Object.assign(pointer, { x: event.clientX, y: event.clientY });
    if (before) {
      const after = spread();
      const box = svg.getBoundingClientRect();
      tell("mesh-zoom", { factor: after.apart / (before.apart || 1), x: after.x - box.left, y: after.y - box.top });
      tell("mesh-pan", { dx: after.x - before.x, dy: after.y - before.y });
    } else {
      tell("mesh-pan", { dx, dy });
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    svg.addEventListener(end, (event) => {
      pointers.delete(event.pointerId);
      if (!pointers.size) svg.classList.remove("moving");
    });
  }
  svg.addEventListener("click", (event) => {
    if (!dragged) return;
    event.preventDefault();
    event.stopPropagation();
    dragged = false;
  }, { capture: true });
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  svg.addEventListener("wheel", (event) => {
    // Beside a map that is not in use the wheel scrolls the page.
    if (!event.ctrlKey && !event.metaKey && !stage.contains(document.activeElement)) return;
    event.preventDefault();
    const box = svg.getBoundingClientRect();
    const amount = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
    tell("mesh-zoom", { factor: Math.exp(-amount / (event.ctrlKey ? 200 : 400)), x: event.clientX - box.left, y: event.clientY - box.top });
  }, { passive: false });
}

for (const stage of document.querySelectorAll("[data-map-stage]")) follow(stage, stage.querySelector("[data-map-svg]"));
