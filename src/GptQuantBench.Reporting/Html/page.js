"use strict";
// Tables sort by a click or a key on a heading; a page without scripts shows them in the order of the run.
const units = { kB: 1e3, MB: 1e6, GB: 1e9 };

function keyOf(text) {
  const match = /^([+-]?\d+(?:\.\d+)?(?:E[+-]?\d+)?)\s*(kB|MB|GB)?/.exec(text);
  return match ? Number(match[1]) * (units[match[2]] ?? 1) : null;
}

function compare(a, b, direction) {
  // What was not measured stays at the end, whatever the direction.
  if (a === null || b === null) {
    return (a === null) - (b === null);
  }
  return direction * (typeof a === "number" ? a - b : a.localeCompare(b));
}

function sort(table, column, isNumeric, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows].map(row => {
    const text = row.cells[column].textContent.trim();
    return { row, key: isNumeric ? keyOf(text) : text };
  });
  rows.sort((a, b) => compare(a.key, b.key, direction));
  body.append(...rows.map(entry => entry.row));
}

for (const table of document.querySelectorAll("table")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const isAscending = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach(other => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
      sort(table, column, heading.classList.contains("number"), isAscending ? 1 : -1);
    });
  });
}
