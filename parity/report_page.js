"use strict";
// The page is readable without this script; it sorts, filters, pages and copies.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const format = n => n.toLocaleString("en");
const perPage = 4;

function rate(part, whole) {
  if (!whole) return "\u2013";
  if (!part) return "0 %";
  const share = 100 * part / whole;
  return share.toFixed(share < 0.1 ? 3 : share < 10 ? 2 : 1) + " %";
}

// ---- sorting: a button in each head; a field moves with its pairs
function sortable(table) {
  const heads = all("thead th", table.tHead);
  const groups = table.tBodies.length > 1 || table.id === "fields";
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const numeric = head.classList.contains("n");
      const up = head.ariaSort ? head.ariaSort !== "ascending" : !numeric;
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.ariaSort = up ? "ascending" : "descending";
      const key = item => {
        const row = groups ? item.rows[0] : item;
        const text = row.cells[column].textContent.trim();
        if (!numeric || /^\d{4}-/.test(text)) return text;
        const value = parseFloat(text.replace(/,/g, ""));
        return isNaN(value) ? -Infinity : value;
      };
      const items = groups ? [...table.tBodies] : [...table.tBodies[0].rows];
      items.sort((a, b) => {
        const x = key(a), y = key(b);
        return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1);
      });
      (groups ? table : table.tBodies[0]).append(...items);
    });
  });
}

// ---- pages of pairs
const pages = new Map();
function page(field) {
  const list = field.querySelector(".pairs");
  if (!list) return 0;
  const fitting = [...list.children].filter(pair => pair.matches(".pair") && !pair.dataset.out);
  const count = Math.max(1, Math.ceil(fitting.length / perPage));
  const at = Math.min(pages.get(field) || 0, count - 1);
  pages.set(field, at);
  for (const pair of list.querySelectorAll(".pair")) pair.hidden = true;
  fitting.slice(at * perPage, (at + 1) * perPage).forEach(pair => { pair.hidden = false; });
  const pager = field.querySelector(".pager");
  pager.hidden = count < 2;
  pager.querySelector("span").textContent = "Page " + (at + 1) + " of " + count;
  pager.firstElementChild.disabled = at === 0;
  pager.lastElementChild.disabled = at === count - 1;
  return fitting.length;
}
function pager(field) {
  const list = field.querySelector(".pairs");
  if (!list) return;
  const bar = document.createElement("div");
  bar.className = "pager";
  const button = (text, step) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", () => {
      pages.set(field, (pages.get(field) || 0) + step);
      page(field);
    });
    return made;
  };
  const where = document.createElement("span");
  where.setAttribute("role", "status");
  bar.append(button("Newer", -1), where, button("Older", 1));
  list.after(bar);
}

// ---- drawing again what is counted again
const svg = (name, attributes) => {
  const made = document.createElementNS(document.querySelector("svg").namespaceURI, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
};
function drawBar(bar, counts) {
  const whole = counts.reduce((a, b) => a + b, 0);
  let before = 0;
  const label = [];
  bar.replaceChildren(...counts.flatMap((count, v) => {
    if (!count) return [];
    const width = Math.max(6, Math.floor(1000 * count / whole));
    label.push(format(count) + " " + data.verdicts[v].replace("_", " "));
    const rect = svg("rect", {class: "f-" + data.verdicts[v], x: before, y: 0, width, height: 10});
    before += width;
    return [rect];
  }));
  bar.setAttribute("aria-label", label.join(" "));
}
function drawTrend(trend, points) {
  const most = Math.max(1, ...points.map(p => p.all));
  const highest = Math.max(0.01, ...points.map(p => p.all ? p.wrong / p.all : 0));
  trend.replaceChildren(...points.flatMap((p, i) => {
    const bars = [];
    const grey = Math.ceil(28 * p.all / most);
    if (p.all) bars.push(svg("rect", {class: "f-all", x: 4 * i, y: 30 - grey, width: 3, height: grey}));
    const red = Math.max(2, Math.floor(28 * p.wrong / (p.all || 1) / highest));
    if (p.wrong) bars.push(svg("rect", {class: "f-mismatch", x: 4 * i, y: 30 - red, width: 3, height: red}));
    return bars;
  }));
  const sum = key => points.reduce((a, p) => a + p[key], 0);
  trend.setAttribute("aria-label", format(sum("wrong")) + " of " + format(sum("all")) + " differ; highest share " +
    rate(Math.round(highest * 1e6), 1e6));
}
function setCount(cell, count) {
  cell.textContent = count ? format(count) : "\u2013";
  cell.classList.toggle("some", count > 0 && cell.dataset.v !== "all");
}

// ---- filtering: everything is counted again from the same counts
const inputs = ["text", "capability", "operation", "verdict", "kind", "cohort", "from", "to"];
function filter() {
  const by = Object.fromEntries(inputs.map(name => [name, $("by-" + name).value]));
  const text = by.text.toLowerCase();
  const first = by.from === "" ? 0 : Number(by.from);
  const last = by.to === "" ? data.intervals : Number(by.to);
  const within = (cohort, interval) =>
    (by.cohort === "" || Number(by.cohort) === cohort) && interval >= first && interval <= last;
  const operationFits = ([capability, operation]) =>
    (by.capability === "" || by.capability === capability) && (by.operation === "" || by.operation === operation);

  const ofOperations = data.operations.map(() => data.verdicts.map(() => 0));
  const points = {};
  for (const [capability] of data.operations)
    points[capability] = Array.from({length: data.intervals}, () => ({all: 0, wrong: 0}));
  for (const [o, v, cohort, interval, count] of data.compared) {
    if (!within(cohort, interval) || !operationFits(data.operations[o])) continue;
    ofOperations[o][v] += count;
    const point = points[data.operations[o][0]][interval];
    point.all += count;
    if (v === 0) point.wrong += count;
  }
  const ofFields = data.fields.map(() => data.verdicts.map(() => 0));
  for (const [f, v, cohort, interval, count] of data.differing)
    if (within(cohort, interval)) ofFields[f][v] += count;

  const total = data.verdicts.map((_, v) => ofOperations.reduce((a, counts) => a + counts[v], 0));
  for (const row of all("#operations tr[data-o]")) {
    const counts = ofOperations[Number(row.dataset.o)];
    row.hidden = !operationFits(data.operations[Number(row.dataset.o)]);
    for (const cell of all("td[data-v]", row))
      setCount(cell, cell.dataset.v === "all" ? counts.reduce((a, b) => a + b, 0)
                                              : counts[data.verdicts.indexOf(cell.dataset.v)]);
  }
  for (const row of all("#capabilities tr[data-capability]")) {
    const name = row.dataset.capability;
    const counts = data.verdicts.map((_, v) =>
      data.operations.reduce((a, one, o) => a + (one[0] === name ? ofOperations[o][v] : 0), 0));
    const whole = counts.reduce((a, b) => a + b, 0);
    row.hidden = by.capability !== "" && by.capability !== name;
    for (const cell of all("td[data-v]", row))
      setCount(cell, cell.dataset.v === "all" ? whole : counts[data.verdicts.indexOf(cell.dataset.v)]);
    const share = row.querySelector(".rate");
    share.textContent = rate(counts[0], whole);
    share.classList.toggle("some", counts[0] > 0);
    drawBar(row.querySelector(".bar"), counts);
    drawTrend(row.querySelector(".trend"), points[name]);
  }

  let shown = 0;
  let differences = 0;
  for (const field of all("#fields > tbody[data-f]")) {
    const index = Number(field.dataset.f);
    const [path, kind, operation] = data.fields[index];
    const counts = ofFields[index];
    let pairs = 0;
    for (const pair of all(".pair", field)) {
      const hit = !text || pair.textContent.toLowerCase().includes(text) || path.toLowerCase().includes(text);
      const fits = within(Number(pair.dataset.c), Number(pair.dataset.i)) &&
        (by.verdict === "" || by.verdict === pair.dataset.v) && hit;
      if (fits) { delete pair.dataset.out; pairs++; } else { pair.dataset.out = "1"; }
    }
    const wanted = by.verdict === "" ? counts.reduce((a, b) => a + b, 0) : counts[data.verdicts.indexOf(by.verdict)];
    const named = !text || pairs > 0 || field.rows[0].textContent.toLowerCase().includes(text);
    field.hidden = !wanted || !named || !operationFits(data.operations[operation]) || (by.kind !== "" && by.kind !== kind);
    for (const cell of all("td[data-v]", field.rows[0])) setCount(cell, counts[data.verdicts.indexOf(cell.dataset.v)]);
    page(field);
    if (!field.hidden) { shown++; differences += wanted; }
  }
  const filtered = inputs.some(name => by[name] !== "");
  if (data.fields.length) $("no-field").hidden = shown > 0;
  $("shown").textContent = filtered
    ? format(shown) + " of " + format(data.fields.length) + " fields, " + format(differences) + " differences, among " +
      format(total.reduce((a, b) => a + b, 0)) + " comparisons" : "";
}

// ---- copying
async function copy(button) {
  const text = button.previousElementSibling.textContent;
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch (refused) {
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = "Selected: press Ctrl+C";
  }
  setTimeout(() => { button.textContent = before; }, 2500);
}
document.addEventListener("click", event => {
  if (event.target.matches("button.copy")) copy(event.target);
});

// ---- paper has no folds
let folded = [];
addEventListener("beforeprint", () => {
  folded = all("details:not([open])").filter(one => !one.closest("[hidden]"));
  folded.forEach(one => { one.open = true; });
});
addEventListener("afterprint", () => folded.forEach(one => { one.open = false; }));

function openTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  const details = target && target.querySelector(":scope > tr > td > details");
  if (details) details.open = true;
}

all("table.sortable").forEach(sortable);
all("#fields > tbody[data-f]").forEach(pager);
all("button.copy").forEach(button => { button.hidden = false; });
$("filters").hidden = false;
$("filters").addEventListener("submit", event => event.preventDefault());
$("filters").addEventListener("input", filter);
$("filters").addEventListener("reset", () => setTimeout(filter));
const unfold = open => all("#fields > tbody:not([hidden]) > tr.detail > td > details").forEach(d => { d.open = open; });
$("open-all").addEventListener("click", () => unfold(true));
$("close-all").addEventListener("click", () => unfold(false));
addEventListener("hashchange", openTarget);
filter();
openTarget();
