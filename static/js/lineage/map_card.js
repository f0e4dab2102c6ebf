// The card in the map's corner: what is chosen, and where it leads. The server writes the first one.

function line(className, ...children) {
  const paragraph = document.createElement("p");
  paragraph.className = className;
  paragraph.append(...children);
  return paragraph;
}

const link = (href, text) => Object.assign(document.createElement("a"), { href, textContent: text });

for (const frame of document.querySelectorAll("[data-map]")) {
  const card = frame.querySelector("[data-map-card]");
  frame.addEventListener("mesh-chosen", ({ detail }) => {
    card.hidden = !detail;
    if (!detail) return;
    if (detail.key) {
      card.replaceChildren(
        line("name", link(detail.href, detail.label)),
        line("muted small", `${detail.owner} · made from ${detail.madeFrom}, feeds ${detail.feeds} drawn here`),
        line("small", link(detail.href, "Open product"), link(`${frame.dataset.lineage}?node=product:${detail.key}`, "Lineage")),
      );
    } else {
      card.replaceChildren(line("name", detail.label), line("small", link(frame.dataset.domains.replace("SLUG", encodeURIComponent(detail.slug)), "Domain page")));
    }
  });
}
