// Opens the page of `lessram compare --html` in a browser, in four views, and asks axe-core.
//
//   NODE_HOME=folder/of/node_modules node tests/page/check.mjs PAGE.html OUT_FOLDER
//
// Exits 1 on a violation, a message on the console, a request to anywhere, or a page that is wider
// than its window. Saves a picture of each view in OUT_FOLDER.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [page, out] = process.argv.slice(2);
const require = createRequire(join(resolve(process.env.NODE_HOME ?? "."), "here.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  // Whatever it asks for, it does not get.
  "--host-resolver-rules=MAP * ~NOTFOUND",
];

/// Labels in pictures that are drawn smaller than this are not read.
const LEAST_LABEL = 11;

const url = pathToFileURL(resolve(page)).href;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: FLAGS,
});
const faults = [];
for (const width of [1280, 390]) {
  for (const colorScheme of ["light", "dark"]) {
    const view = `${width} px, ${colorScheme}`;
    const fault = (text) => faults.push(`${view}: ${text}`);
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
    const tab = await context.newPage();
    tab.on("console", (message) => fault(`console: ${message.text()}`));
    tab.on("pageerror", (error) => fault(`error: ${error.message}`));
    tab.on("request", (request) => {
      if (request.url() !== url) fault(`asks for ${request.url()}`);
    });
    await tab.goto(url);

    await tab.evaluate(axe);
    const result = await tab.evaluate(() => globalThis.axe.run());
    for (const violation of result.violations) {
      for (const node of violation.nodes) {
        fault(`${violation.id}: ${node.target}: ${node.failureSummary}`);
      }
    }

    // What axe does not see.
    const seen = await tab.evaluate(() => {
      const shown = (element) => element.checkVisibility() && element.getClientRects().length > 0;
      const pictures = [...document.querySelectorAll("svg")];
      const labels = pictures.filter(shown).flatMap((svg) => [...svg.querySelectorAll("text")]);
      const sizes = labels.filter(shown).map((label) => {
        const scale = label.getScreenCTM();
        const drawn = Number.parseFloat(getComputedStyle(label).fontSize) * Math.hypot(scale.a, scale.b);
        return [drawn, label.textContent];
      });
      // A line of text is higher than its letters.
      const box = (element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const trim = element.tagName === "text" ? (bottom - top) / 4 : 0;
        return { left, right, top: top + trim, bottom: bottom - trim, element };
      };
      const hides = (one, other) =>
        Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1 &&
        Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1;
      const hidden = pictures.filter(shown).flatMap((svg) => {
        const names = [...svg.querySelectorAll("text.label")].map(box);
        const dots = [...svg.querySelectorAll("circle")].map(box);
        return names.flatMap((name, i) => [...names.slice(0, i), ...dots]
          .filter((other) => other.element.parentNode !== name.element.parentNode && hides(name, other))
          .map((other) => `${name.element.textContent} and ${other.element.textContent ||
            other.element.parentNode.textContent}`));
      });
      return {
        hidden,
        over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        nameless: pictures.filter((svg) =>
          !svg.closest("[aria-hidden=true]") &&
          (svg.getAttribute("role") !== "img" || !svg.querySelector("title")?.textContent)).length,
        labels: sizes.length,
        smallest: sizes.reduce((one, other) => (other[0] < one[0] ? other : one), [Infinity, ""]),
      };
    });
    for (const pair of seen.hidden) fault(`one hides the other: ${pair}`);
    if (seen.over > 0) fault(`${seen.over} px wider than the window`);
    if (seen.nameless > 0) fault(`${seen.nameless} pictures without role="img" and a title`);
    if (seen.labels === 0) fault("no picture with labels");
    if (seen.smallest[0] < LEAST_LABEL) {
      fault(`"${seen.smallest[1]}" is drawn at ${seen.smallest[0].toFixed(1)} px`);
    }

    // Sorting by a column changes the order of the rows, and says which column it was.
    const sorted = await tab.evaluate(() => {
      const rows = () => [...document.querySelectorAll("table tbody tr th")].map((cell) => cell.textContent);
      const before = rows();
      document.querySelector("table thead th button")?.click();
      const marked = document.querySelectorAll("table thead th[aria-sort]").length;
      return { moved: rows().join() !== before.join(), marked, same: rows().length === before.length };
    });
    if (!sorted.moved || sorted.marked !== 1 || !sorted.same) {
      fault(`sorting: ${JSON.stringify(sorted)}`);
    }
    await tab.screenshot({ path: join(out, `${width}-${colorScheme}.png`), fullPage: true });
    console.log(`${view}: ${result.passes.length} rules of axe passed, ${seen.labels} labels, ` +
      `the smallest ${seen.smallest[0].toFixed(1)} px`);
    await context.close();
  }
}
await browser.close();
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
