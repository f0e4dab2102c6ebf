// The map for hands: drag, pinch and zoom by one transform, domains open as one comes near, arrows walk from place to
// place, search flies. Without this script the map is a picture whose areas and products are links.

const MID = 0.5; // pixels a unit from which names, and ports, can be read; lineage/mesh/svg.py has the same
const NEAR = 1.7;
const LARGEST = 4;
const STEP = 1.4;
const FLIGHT = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150; // ms
const SVG = "http://www.w3.org/2000/svg";
const CELL = { width: 184, height: 64 };
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const slugOf = (focus) => decodeURIComponent(focus.split(":")[1].split("/")[0]);

// The same curve as lineage/mesh/svg.py draws: to the right, to the left, or around by the right side.
function way(up, down) {
  const [y1, y2] = [up.y + up.height / 2, down.y + down.height / 2];
  const rightward = up.x + up.width <= down.x;
  if (!rightward && down.x + down.width > up.x) {
    const [x1, x2] = [up.x + up.width, down.x + down.width];
    const reach = Math.max(x1, x2) + 26;
    return `M${x1} ${y1}C${reach} ${y1} ${reach} ${y2} ${x2} ${y2}`;
  }
  const [x1, x2] = rightward ? [up.x + up.width, down.x] : [up.x, down.x + down.width];
  const reach = (rightward ? 1 : -1) * Math.max(14, Math.abs(x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + reach} ${y1} ${x2 - reach} ${y2} ${x2} ${y2}`;
}

class MeshMap {
  constructor(frame) {
    this.frame = frame;
    this.stage = frame.querySelector("[data-map-stage]");
    this.svg = frame.querySelector("[data-map-svg]");
    this.summaries = new Map(); // what stood in a tile before it was opened
    const box = this.svg.viewBox.baseVal;
    const { width, height } = this.stage.getBoundingClientRect();
    this.size = { width, height };
    this.adopt();
    const start = this.fitting(box);
    // A narrow window begins with a part that can be read instead of the whole that cannot.
    this.view = frame.dataset.focus || start.k * this.unit > 0.6 ? start : { k: 0.6 / this.unit, x: 0, y: 0 };
    this.nearer = this.view.k * 1.2; // what stood closed at the beginning opens only when one comes nearer
    this.svg.removeAttribute("viewBox");
    this.svg.classList.add("alive");
    frame.querySelector("[data-map-tools]").hidden = false;
    this.listen();
    this.apply();
    this.mark(this.nodeFor(frame.dataset.focus), false);
  }

  /** Take over the picture that stands in the page: at the start, and when another level or lens was fetched. */
  adopt() {
    const data = this.frame.dataset;
    this.world = this.svg.querySelector("[data-world]");
    this.lit = this.svg.querySelector(".lit");
    this.arrow = this.svg.querySelector("#flow-end");
    this.unit = Number(data.unit);
    this.width = Number(this.svg.dataset.width);
    this.height = Number(this.svg.dataset.height);
    this.areas = new Map();
    for (const area of this.svg.querySelectorAll("[data-area]")) {
      const rect = area.querySelector(".frame");
      const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => Number(rect.getAttribute(name)));
      const [gx, gy, gw, gh] = area.dataset.grid.split(" ").map(Number);
      const slug = area.dataset.area;
      this.areas.set(slug, { slug, element: area, x, y, width, height, own: Number(area.dataset.own), grid: { x: gx, y: gy, width: gw, height: gh } });
    }
    this.tiles = new Map();
    for (const tile of this.svg.querySelectorAll("[data-tile]")) this.tiles.set(tile.dataset.tile, tile);
    for (const [slug, tile] of this.tiles) if (!tile.classList.contains("closed")) this.opened(slug, tile, data.drawn === "port" ? "port" : "product");
    for (const node of this.svg.querySelectorAll("[data-node]")) node.setAttribute("tabindex", "-1");
    this.index = null;
  }

  /** Another level or lens came in the place of what was there; the view stays. */
  renew() {
    this.summaries.clear();
    this.adopt();
    this.svg.classList.add("alive", this.tier);
    this.apply();
    this.mark(this.nodeFor(this.frame.dataset.focus), false);
  }

  opened(slug, tile, level) {
    tile.dataset.level = level;
    tile.classList.remove("closed");
    for (const link of tile.querySelectorAll("a")) link.setAttribute("tabindex", "-1");
    this.index = null;
  }

  fitting(rect, most = LARGEST) {
    const k = Math.min(this.size.width / rect.width, this.size.height / rect.height, most);
    return { k, x: this.size.width / 2 - (rect.x + rect.width / 2) * k, y: this.size.height / 2 - (rect.y + rect.height / 2) * k };
  }

  // --- moving

  apply() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      const { x, y, k } = this.view;
      this.world.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${k.toFixed(5)})`);
      for (const size of ["markerWidth", "markerHeight"]) this.arrow.setAttribute(size, (10 / k).toFixed(1));
      const tier = k < MID ? "far" : k < NEAR ? "mid" : "near";
      if (tier !== this.tier) {
        this.svg.classList.remove("far", "mid", "near");
        this.svg.classList.add(tier);
        this.tier = tier;
      }
      this.frame.dispatchEvent(new CustomEvent("mesh-moved", { detail: { x, y, k, unit: this.unit, ...this.size } }));
      clearTimeout(this.settling);
      this.settling = setTimeout(() => this.settle(), 140);
    });
  }

  zoom(factor, x = this.size.width / 2, y = this.size.height / 2) {
    const least = Math.min(this.fitting({ x: 0, y: 0, width: this.width, height: this.height }).k * 0.7, 1);
    const k = clamp(this.view.k * factor, least, LARGEST);
    const share = k / this.view.k;
    this.view = { k, x: x - (x - this.view.x) * share, y: y - (y - this.view.y) * share };
    this.apply();
  }

  pan(dx, dy) {
    this.view = { ...this.view, x: this.view.x + dx, y: this.view.y + dy };
    this.apply();
  }

  flyTo(view) {
    const from = this.view;
    const begun = performance.now();
    const step = (now) => {
      const share = FLIGHT ? clamp((now - begun) / FLIGHT, 0, 1) : 1;
      const eased = 1 - (1 - share) ** 3;
      this.view = { k: from.k * (view.k / from.k) ** eased, x: from.x + (view.x - from.x) * eased, y: from.y + (view.y - from.y) * eased };
      if (share === 1) this.view = view;
      this.apply();
      if (share < 1) requestAnimationFrame(step);
    };
    if (FLIGHT) requestAnimationFrame(step);
    else step(begun);
  }

  whole() {
    this.flyTo(this.fitting({ x: 0, y: 0, width: this.width, height: this.height }));
  }

  /** After a movement: open what one has come near enough to read, with ports where they can be read. */
  settle() {
    const { x, y, k } = this.view;
    this.svg.dataset.settled = "true";
    if (k < MID || k < this.nearer) return;
    const seen = { left: -x / k, top: -y / k, right: (this.size.width - x) / k, bottom: (this.size.height - y) / k };
    for (const { slug, own, grid } of this.areas.values()) {
      const sight = own && grid.x < seen.right && grid.y < seen.bottom && grid.x + grid.width > seen.left && grid.y + grid.height > seen.top;
      if (sight) this.open(slug, k >= NEAR ? "port" : "product");
    }
  }

  /** Fetch the inside of an area; beyond the budget the farthest other ones are closed again. */
  async open(slug, level) {
    const tile = this.tiles.get(slug);
    const has = tile?.dataset.level;
    if (!tile || has === level || has === "port" || tile.loading) return;
    tile.loading = true;
    tile.classList.add("loading");
    const query = new URLSearchParams({ domain: slug, level, lens: this.frame.dataset.lens });
    try {
      const response = await fetch(`${this.frame.dataset.tileUrl}?${query}`, { headers: { Accept: "image/svg+xml" } });
      if (!response.ok || response.redirected) return;
      const parsed = document.createElement("template");
      parsed.innerHTML = `<svg>${await response.text()}</svg>`;
      if (!has) this.summaries.set(slug, [...tile.childNodes]);
      const focused = document.activeElement?.closest("[data-tile]") === tile ? document.activeElement.getAttribute("href") : null;
      tile.replaceChildren(...parsed.content.firstChild.childNodes);
      this.opened(slug, tile, level);
      if (focused) tile.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
      this.spare(slug);
    } catch {
      // no network: the summary stays
    } finally {
      tile.loading = false;
      tile.classList.remove("loading");
    }
  }

  spare(kept) {
    const open = [...this.summaries.keys()].filter((slug) => slug !== kept).map((slug) => this.areas.get(slug));
    let drawn = this.svg.querySelectorAll(".p").length;
    const distance = (area) => Math.hypot((area.x + area.width / 2) * this.view.k + this.view.x - this.size.width / 2, (area.y + area.height / 2) * this.view.k + this.view.y - this.size.height / 2);
    open.sort((a, b) => distance(b) - distance(a));
    while (drawn > Number(this.frame.dataset.budget) && open.length) {
      const { slug } = open.shift();
      const tile = this.tiles.get(slug);
      drawn -= tile.querySelectorAll(".p").length;
      tile.replaceChildren(...this.summaries.get(slug));
      tile.classList.add("closed");
      delete tile.dataset.level;
      this.summaries.delete(slug);
    }
    this.index = null;
  }

  // --- places

  keyOf(link) {
    const path = link.getAttribute("href");
    return path.startsWith(this.frame.dataset.products) ? path.slice(this.frame.dataset.products.length, -1) : "";
  }

  /** Drawn products by key, and who is made from them. */
  known() {
    if (!this.index) {
      this.index = { nodes: new Map(), feeds: new Map() };
      for (const link of this.svg.querySelectorAll(".p > a[data-node]")) {
        const key = this.keyOf(link);
        this.index.nodes.set(key, link);
        for (const from of link.dataset.from?.split(" ") ?? []) {
          if (!this.index.feeds.has(from)) this.index.feeds.set(from, []);
          this.index.feeds.get(from).push(key);
        }
      }
    }
    return this.index;
  }

  nodeFor(focus) {
    if (!focus) return null;
    const [kind, path] = focus.split(":");
    if (kind === "domain") return this.areas.get(path)?.element.querySelector("a") ?? null;
    const key = path.split("/").slice(0, 2).map(encodeURIComponent).join("/");
    return this.known().nodes.get(key) ?? null;
  }

  rectOf(node) {
    const area = node.closest("[data-area]");
    if (area) return this.areas.get(area.dataset.area);
    const at = (element) => element.transform.baseVal.getItem(0).matrix;
    const cell = at(node.parentNode);
    const tile = at(node.closest("[data-tile]"));
    return { x: cell.e + tile.e, y: cell.f + tile.f, ...CELL };
  }

  /** Show `focus` (as in an address) in the middle; its area is opened when it is not yet. False: not on this map. */
  async fly(focus) {
    const slug = slugOf(focus);
    const area = this.areas.get(slug);
    if (focus.startsWith("domain:")) {
      if (!area) return false;
      this.flyTo(this.fitting({ x: area.x - area.width * 0.04, y: area.y - area.height * 0.04, width: area.width * 1.08, height: area.height * 1.08 }, 1.2));
      const inside = [...this.areas.values()].filter((one) => one.own && one.x >= area.x && one.y >= area.y && one.x + one.width <= area.x + area.width && one.y + one.height <= area.y + area.height);
      let left = Number(this.frame.dataset.budget);
      for (const one of inside) if ((left -= one.own) >= 0) await this.open(one.slug, "product");
    } else {
      if (!this.nodeFor(focus) && area) await this.open(slug, "product");
      const node = this.nodeFor(focus);
      if (!node) return false;
      const rect = this.rectOf(node);
      const k = focus.startsWith("port:") ? 2.2 : clamp(this.view.k, 1, 1.6);
      this.flyTo({ k, x: this.size.width / 2 - (rect.x + CELL.width / 2) * k, y: this.size.height / 2 - (rect.y + CELL.height / 2) * k });
    }
    const node = this.nodeFor(focus);
    this.mark(node, true, focus);
    this.current(node);
    node?.focus({ preventScroll: true });
    return true;
  }

  current(node) {
    this.svg.querySelector("[data-node][tabindex='0']")?.setAttribute("tabindex", "-1");
    node?.setAttribute("tabindex", "0");
  }

  /** The place the map is about: marked, described on the card, held by the address. */
  mark(node, remember = true, focus = "") {
    for (const old of this.svg.querySelectorAll(".p.focus, .area.focus")) old.classList.remove("focus");
    node?.parentNode.classList.add("focus");
    if (remember) {
      const key = node && this.keyOf(node);
      const about = focus || (node ? (key ? `product:${decodeURIComponent(key)}` : `domain:${node.closest("[data-area]").dataset.area}`) : "");
      const url = new URL(location.href);
      for (const name of ["q", "page"]) url.searchParams.delete(name);
      if (about) url.searchParams.set("focus", about);
      else url.searchParams.delete("focus");
      history.replaceState(null, "", decodeURIComponent(url.search) === "" ? url.pathname : url);
      this.frame.dataset.focus = about;
      this.describe(node);
    }
    this.chosen = node;
    this.trace(node);
  }

  /** What the card says of it. */
  describe(node) {
    const key = node && this.keyOf(node);
    const detail = node && {
      label: node.getAttribute("aria-label"),
      href: node.getAttribute("href"),
      key,
      slug: node.closest("[data-area]")?.dataset.area,
      owner: node.parentNode.querySelector(".d")?.textContent,
      madeFrom: node.dataset.from?.split(" ").length ?? 0,
      feeds: this.known().feeds.get(key)?.length ?? 0,
    };
    this.frame.dispatchEvent(new CustomEvent("mesh-chosen", { detail }));
  }

  /** Light what `node` is connected with: a product's dependencies one by one, a domain's flows. */
  trace(node) {
    for (const old of this.svg.querySelectorAll(".neighbour, .flow.on")) old.classList.remove("neighbour", "on");
    this.lit.replaceChildren();
    const area = node?.closest("[data-area]")?.dataset.area;
    this.svg.classList.toggle("tracing", Boolean(area));
    if (area) {
      for (const flow of this.svg.querySelectorAll(".flow")) flow.classList.toggle("on", flow.dataset.up === area || flow.dataset.down === area);
    } else if (node) {
      const { nodes, feeds } = this.known();
      const key = this.keyOf(node);
      for (const from of node.dataset.from?.split(" ") ?? []) this.light(nodes.get(from) ?? this.areaOf(from), node, "edge");
      for (const to of feeds.get(key) ?? []) this.light(node, nodes.get(to), "edge out");
    }
  }

  areaOf(key) {
    return this.areas.get(decodeURIComponent(key.split("/")[0]))?.element.querySelector("a");
  }

  light(up, down, className) {
    if (!up || !down) return;
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", className);
    const end = (node) => (node.closest("[data-area]") ? this.rectOf(node).grid : this.rectOf(node)); // a closed area: its products
    path.setAttribute("d", way(end(up), end(down)));
    path.setAttribute("marker-end", "url(#flow-end)");
    this.lit.append(path);
    for (const end of [up, down]) if (end.closest(".p")) end.parentNode.classList.add("neighbour");
  }

  // --- listening

  listen() {
    this.stage.addEventListener("mesh-pan", ({ detail }) => this.pan(detail.dx, detail.dy));
    this.stage.addEventListener("mesh-zoom", ({ detail }) => this.zoom(detail.factor, detail.x, detail.y));
    this.stage.addEventListener("mesh-whole", () => this.whole());
    this.stage.addEventListener("mesh-leave", () => this.mark(null));
    this.frame.querySelector("[data-map-tools]").addEventListener("click", (event) => {
      const kind = event.target.closest("[data-zoom]")?.dataset.zoom;
      if (kind === "in") this.zoom(STEP);
      if (kind === "out") this.zoom(1 / STEP);
      if (kind === "whole") this.whole();
    });
    this.svg.addEventListener("click", (event) => {
      const area = event.target.closest("[data-area]");
      if (!area || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.fly(`domain:${area.dataset.area}`);
    });
    this.svg.addEventListener("pointerover", (event) => {
      const node = event.target.closest("[data-node]");
      if (node !== this.over && !this.svg.classList.contains("moving")) this.trace(node ?? this.chosen);
      this.over = node;
    });
    this.svg.addEventListener("pointerleave", () => this.trace(this.chosen));
    this.svg.addEventListener("focusin", (event) => {
      const node = event.target.closest("[data-node]");
      if (!node) return;
      this.current(node);
      if (node !== this.chosen) this.mark(node);
    });
    document.addEventListener("click", (event) => this.follow(event));
    this.frame.addEventListener("mesh-renewed", () => this.renew());
    new ResizeObserver(() => {
      const { width, height } = this.stage.getBoundingClientRect();
      this.view = { ...this.view, x: this.view.x + (width - this.size.width) / 2, y: this.view.y + (height - this.size.height) / 2 };
      this.size = { width, height };
      this.apply();
    }).observe(this.stage);
  }

  /** Links of the page that lead to a place of this map do so without leaving it. */
  async follow(event) {
    const link = event.target.closest("a[data-focus], a[data-fly]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    document.activeElement?.blur();
    this.stage.scrollIntoView({ block: "nearest" });
    if (!await this.fly(link.dataset.focus ?? link.dataset.fly)) location.assign(link.href);
  }
}

for (const frame of document.querySelectorAll("[data-map]")) new MeshMap(frame);
