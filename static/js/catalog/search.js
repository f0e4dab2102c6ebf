// Suggestions under every search box (a combobox with a list, as WAI-ARIA practises it), and filters within facets.
// Without this module the box is a plain form and the facets plain links.

const WAIT = 90; // ms after the last key before asking
let numbers = 0;

class Suggestions {
  constructor(input) {
    this.input = input;
    this.url = input.dataset.suggest;
    this.answers = new Map(); // what was asked -> the list's HTML
    this.timer = 0;
    this.asking = null;
    this.list = document.createElement("div");
    this.list.id = `suggestions-${++numbers}`;
    this.list.className = "suggestions";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Suggestions");
    this.list.hidden = true;
    input.after(this.list);
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id, "aria-haspopup": "listbox",
    })) input.setAttribute(name, value);
    input.addEventListener("input", () => this.ask());
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("focus", () => this.input.value.trim() && this.ask());
    input.form.addEventListener("focusout", (event) => {
      if (!input.form.contains(event.relatedTarget)) this.close();
    });
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus in the box
  }

  get options() {
    return [...this.list.querySelectorAll("[role=option]")];
  }

  ask() {
    clearTimeout(this.timer);
    const typed = this.input.value.trim();
    if (!typed) return this.close();
    this.timer = setTimeout(() => this.fetch(typed), WAIT);
  }

  async fetch(typed) {
    this.asking?.abort();
    if (!this.answers.has(typed)) {
      this.asking = new AbortController();
      try {
        const response = await fetch(`${this.url}?q=${encodeURIComponent(typed)}`, { signal: this.asking.signal, headers: { Accept: "text/html" } });
        if (!response.ok || response.redirected) return this.close();
        this.answers.set(typed, await response.text());
      } catch {
        return; // a newer question, or no network: what stands there stays
      }
    }
    if (this.input.value.trim() === typed && document.activeElement === this.input) this.show(this.answers.get(typed));
  }

  show(html) {
    this.list.innerHTML = html;
    this.options.forEach((option, place) => { option.id = `${this.list.id}-${place}`; });
    const open = this.options.length > 0;
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    this.choose(-1);
  }

  close() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  /** Select an option; -1 is the box itself. */
  choose(place) {
    this.chosen = place;
    this.options.forEach((option, at) => option.setAttribute("aria-selected", String(at === place)));
    const option = this.options[place];
    if (option) {
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  press(event) {
    const open = !this.list.hidden;
    const count = this.options.length;
    if (event.key === "ArrowDown" && !open) this.ask();
    else if (event.key === "ArrowDown") this.choose(this.chosen + 1 < count ? this.chosen + 1 : -1);
    else if (event.key === "ArrowUp" && open) this.choose(this.chosen >= 0 ? this.chosen - 1 : count - 1);
    else if (event.key === "Enter" && open && this.chosen >= 0) this.options[this.chosen].click(); // the map flies there, elsewhere the link is followed
    else if (event.key === "Escape" && open) this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** A box above a facet's long list that hides the values without the typed letters. */
function filterWithin(more) {
  const facet = more.closest(".facet");
  const box = document.createElement("input");
  box.type = "search";
  box.className = "control facet-filter";
  box.placeholder = "Filter";
  box.setAttribute("aria-label", `Filter ${facet.querySelector("summary").textContent.trim()}`);
  facet.querySelector("ul").before(box);
  box.addEventListener("input", () => {
    const typed = box.value.trim().toLowerCase();
    if (typed) more.open = true;
    for (const item of facet.querySelectorAll("li")) item.hidden = !item.textContent.toLowerCase().includes(typed);
  });
}

document.querySelectorAll("[data-suggest]").forEach((input) => new Suggestions(input));
document.querySelectorAll(".facet > .more").forEach(filterWithin);
