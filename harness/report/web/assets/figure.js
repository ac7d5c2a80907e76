"use strict";
// Enlivens the figure: drawing and table are complete without it, and it computes no geometry.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const drawing = document.querySelector(".drawing");
  const card = document.getElementById("card");
  const table = document.getElementById("points");
  const points = [...document.querySelectorAll(".point")];
  const rows = [...table.tBodies[0].rows];

  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };

  // The card of a point, hovered or focused.
  const facts = (lines, name) => {
    const list = make("table", undefined, name);
    for (const [label, text, kind] of lines) {
      const row = list.insertRow();
      row.append(make("th", label), make("td", text));
      if (kind) row.append(make("td", kind, "kind"));
    }
    return list;
  };

  const fill = (index) => {
    const about = data.cards[index];
    const of = [about.group, about.variant, about.front ? "on the Pareto front" : ""];
    card.replaceChildren(
      make("h2", about.name),
      make("p", of.filter(Boolean).join(" · "), "of"),
      facts(about.figures, "figures"),
      ...about.records.map((lines) => facts(lines, "facts")),
    );
  };

  const place = (point) => {
    const frame = drawing.getBoundingClientRect();
    const mark = point.querySelector(".marker").getBoundingClientRect();
    const gap = 14;
    let left = mark.right - frame.left + gap;
    if (left + card.offsetWidth > frame.width) left = mark.left - frame.left - gap - card.offsetWidth;
    const middle = (mark.top + mark.bottom) / 2 - frame.top - card.offsetHeight / 2;
    card.style.left = `${Math.max(0, left)}px`;
    card.style.top = `${Math.max(0, Math.min(middle, frame.height - card.offsetHeight))}px`;
  };

  const light = (index) => {
    for (const point of points) point.classList.toggle("active", point.dataset.point === index);
    for (const row of rows) row.classList.toggle("active", row.dataset.row === index);
    drawing.classList.toggle("active", index !== null);
  };

  const show = (point) => {
    fill(Number(point.dataset.point));
    card.hidden = false;
    place(point);
    light(point.dataset.point);
  };

  const hide = () => {
    card.hidden = true;
    light(null);
  };

  // What has the focus is shown again when the mouse leaves.
  const back = () => {
    const focused = document.activeElement;
    if (focused && focused.matches(".point")) show(focused);
    else hide();
  };

  for (const point of points) {
    point.querySelector("title").remove(); // the card says it, and more
    point.addEventListener("pointerenter", () => show(point));
    point.addEventListener("pointerleave", back);
    point.addEventListener("focus", () => show(point));
    point.addEventListener("blur", hide);
    point.addEventListener("click", () => point.focus());
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });

  for (const row of rows) {
    row.dataset.group = row.querySelector(".lead").dataset.group;
    row.addEventListener("pointerenter", () => light(row.dataset.row));
    row.addEventListener("pointerleave", back);
  }

  // The legend hides and shows groups, in drawing and table.
  for (const entry of document.querySelectorAll(".legend .entry")) {
    entry.disabled = false;
    entry.title = "hide or show this group";
    entry.addEventListener("click", () => {
      const shown = entry.getAttribute("aria-pressed") !== "true";
      entry.setAttribute("aria-pressed", String(shown));
      for (const each of [...points, ...rows]) {
        if (each.dataset.group !== entry.dataset.group) continue;
        each.classList.toggle("off", !shown);
        if (each.matches("tr")) each.hidden = !shown;
      }
    });
  }

  // Headers sort: first click ascending, second descending; what is no number stays at the end.
  const sortable = (header, column) => {
    const numeric = header.classList.contains("number");
    const value = (row) => {
      const cell = row.cells[column];
      if (!numeric) return cell.textContent.trim();
      return "value" in cell.dataset ? Number(cell.dataset.value) : null;
    };
    const button = make("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => {
      const down = header.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = rows.map((row) => [value(row), row]);
      keyed.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null);
        const order = numeric ? a - b : a.localeCompare(b, "en", { numeric: true });
        return down ? -order : order;
      });
      table.tBodies[0].append(...keyed.map(([, row]) => row));
    });
  };
  [...table.tHead.rows[0].cells].forEach(sortable);

  // Switches.
  document.querySelector(".controls").hidden = false;
  const toggle = (id, change) => {
    const box = document.getElementById(id);
    if (box) box.addEventListener("change", () => { hide(); change(box.checked); });
  };
  toggle("front", (on) => { drawing.classList.toggle("no-front", !on); });
  toggle("log", (on) => { root.dataset.scale = on ? "log" : "linear"; });
})();
