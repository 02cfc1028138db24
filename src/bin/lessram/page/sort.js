// Sorting by column. Without it the table is there all the same, in the order of heap bytes.
for (const table of document.querySelectorAll("table")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const number = (text) => Number.parseFloat(text.replace(/,/g, ""));
  // What is not known comes last, whichever way.
  const compare = (a, b, sign) => {
    const [x, y] = [number(a), number(b)];
    if (Number.isNaN(x) && Number.isNaN(y)) return sign * a.localeCompare(b);
    return Number.isNaN(x) || Number.isNaN(y) ? Number.isNaN(x) - Number.isNaN(y) : sign * (x - y);
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const text = (row) => row.cells[column].textContent;
      body.append(...[...body.rows].sort((a, b) => compare(text(a), text(b), down ? -1 : 1)));
    });
  });
}
