// Moves the report: which table, image and methods are shown. The state stands in the address.
"use strict";
document.body.classList.add("runs"); // without it, what needs this script is not shown
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const labels = { input: "Input", reference: "Reference" };
for (const method of data.methods) labels[method.name] = method.label;
const tables = all(".scores");

// ------------------------------------------------------------------------------------- state

const state = {
  dataset: data.datasets[0]?.name, protocol: "", metric: "", group: "", against: "",
  image: "", left: "input", right: "", split: 50,
};

// What each control offers: [value, text] pairs that follow from the rest of the state.
const protocols = () => tables.filter((t) => t.dataset.dataset === state.dataset)
  .map((t) => t.dataset.protocol);
const columns = () => data.scores[state.dataset]?.columns ?? {};
const imagesHere = () => data.images.filter((one) => one.dataset === state.dataset);
const picture = () => imagesHere().find((one) => one.name === state.image);
const sources = () => Object.keys(picture()?.shown ?? (data.images.length ? {} : labels));
const options = {
  dataset: () => data.datasets.map((one) => [one.name, one.label]),
  protocol: () => protocols().map((name) => [name, name]),
  metric: () => Object.keys(columns()).map((key) => key.split("/"))
    .filter(([, protocol]) => protocol === state.protocol)
    .map(([metric]) => [metric, data.metrics[metric].label]),
  group: () => [["", "all"], ...new Set(data.methods.map((one) => one.group))]
    .map((one) => (Array.isArray(one) ? one : [one, one])),
  against: () => [["", "scores"], ...[...data.methods].sort((a, b) => (b.name === data.full) - (a.name === data.full))
    .map((one) => [one.name, `difference to ${one.label}`])],
  image: () => (data.scores[state.dataset]?.images ?? []).map((name) => [name, name]),
  left: () => sources().map((key) => [key, labels[key]]),
  right: () => sources().map((key) => [key, labels[key]]),
};
const preferred = {
  left: () => "input",
  right: () => $("strip")?.dataset.methods.split(" ")[1],
  image: () => {
    const inside = imagesHere().filter((one) => one.shown.input.startsWith("data:"));
    return inside[Math.floor(inside.length / 2)]?.name;
  },
};

function settle() {
  for (const [key, offered] of Object.entries(options)) {
    const values = offered().map(([value]) => value);
    if (!values.includes(state[key])) {
      const wish = preferred[key]?.();
      state[key] = values.includes(wish) ? wish : values[0] ?? "";
    }
    for (const select of all(`select[data-state="${key}"]`)) {
      select.replaceChildren(...offered().map(([value, text]) => new Option(text, value)));
      select.value = state[key];
      select.parentElement.hidden = key === "dataset" && values.length < 2;
    }
  }
}

function set(changes) {
  Object.assign(state, changes);
  settle();
  showScores();
  showPicture();
  showHeat();
  const kept = Object.entries(state).filter(([key, value]) => value !== "" && key !== "split");
  history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
}

function fromAddress() {
  if (!location.hash.includes("=")) return;
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  set(Object.fromEntries(Object.entries(given).filter(([key]) => key in options)));
}

// ------------------------------------------------------------------------------------ scores

const known = (value) => value !== null && value !== undefined;
const shown = (value, metric = state.metric, sign = false) => {
  if (!known(value) || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = Math.abs(value).toFixed(data.metrics[metric].digits);
  return (value < 0 ? "−" : sign ? "+" : "") + text;
};
const withUnit = (value) => `${shown(value)} ${data.metrics[state.metric].unit}`.trim();
const column = () => columns()[`${state.metric}/${state.protocol}`];
const read = (values) => values?.map((value) => (value === "inf" ? Infinity : value));
const scoresOf = (method) => read(column()?.mean[method]);
const firstOf = (method) => read(column()?.first[method]) ?? scoresOf(method);

function showScores() {
  for (const table of tables) {
    const { dataset, protocol } = table.dataset;
    table.hidden = dataset !== state.dataset || protocol !== state.protocol;
    for (const cell of all(".col", table)) cell.classList.toggle("shown", cell.dataset.metric === state.metric);
    for (const row of all("tbody tr", table)) row.hidden = state.group !== "" && row.dataset.group !== state.group;
  }
  $("meaning").textContent = data.protocols[state.protocol] ?? "";
}

// A column's head sorts by it, best or first letter first, then the other way, then as it was.
function sort(table, head, index) {
  const body = table.tBodies[0];
  const ways = head.dataset.first === "up" ? ["descending", "ascending"] : ["ascending", "descending"];
  const way = [...ways, null][ways.indexOf(head.getAttribute("aria-sort")) + 1];
  for (const other of all("th", table.tHead)) other.removeAttribute("aria-sort");
  if (way) head.setAttribute("aria-sort", way);
  const value = (row) => {
    const cell = row.cells[index];
    return head.dataset.sort === "text" ? cell.textContent : Number.parseFloat(cell.dataset.value?.replace("inf", "Infinity"));
  };
  const missing = (one) => Number.isNaN(one);
  const rows = [...body.rows].sort((a, b) => a.dataset.place - b.dataset.place);
  if (way) rows.sort((first, second) => {
    const [a, b] = [value(first), value(second)];
    if (missing(a) || missing(b)) return missing(a) - missing(b);
    const order = typeof a === "string" ? a.localeCompare(b) : Math.sign(a - b) || 0;
    return way === "ascending" ? order : -order;
  });
  body.append(...rows);
}

for (const { firstElementChild: table } of tables) {
  [...table.tBodies[0].rows].forEach((row, place) => { row.dataset.place = place; });
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    const button = element("button", { type: "button", onclick: () => sort(table, head, index) }, ...head.childNodes);
    head.replaceChildren(button);
  });
}

// ----------------------------------------------------------------------------------- compare

const view = { zoom: 1, x: 0, y: 0 }; // x, y: what is moved out at the left and the top, of a pane
const panes = all(".pane");

function showView() {
  view.zoom = Math.min(16, Math.max(1, view.zoom));
  for (const axis of ["x", "y"]) view[axis] = Math.min(view.zoom - 1, Math.max(0, view[axis]));
  for (const image of all(".layer img")) {
    image.style.transform = `translate(${-100 * view.x}%, ${-100 * view.y}%) scale(${view.zoom})`;
  }
  $("compare").classList.toggle("zoomed", view.zoom > 1);
  $("compare").classList.toggle("close", view.zoom >= 3);
}

// Zooms around a place of the pane, (0, 0) to (1, 1), which stays where it is.
function zoom(factor, x = 0.5, y = 0.5) {
  const before = view.zoom;
  view.zoom = Math.min(16, Math.max(1, before * factor));
  view.x = (view.x + x) * view.zoom / before - x;
  view.y = (view.y + y) * view.zoom / before - y;
  showView();
}

function showSplit() {
  $("split").value = state.split;
  $("over").style.clipPath = `inset(0 0 0 ${state.split}%)`;
  $("divider").style.left = `${state.split}%`;
  $("split").setAttribute("aria-valuetext", `${Math.round(state.split)} % ${labels[state.left]}`);
}

const scoreOfImage = (key) => {
  const place = data.scores[state.dataset].images.indexOf(state.image);
  const value = firstOf(key)?.[place];
  return known(value) ? withUnit(value) : "";
};
const load = (image, address, text) => {
  image.hidden = !address;
  if (address && image.getAttribute("src") !== address) image.src = address;
  image.alt = text;
};

function showPicture() {
  if (!$("compare") || !$("pane")) return;
  const one = picture();
  all(".panes, .thumbs", $("compare")).forEach((part) => { part.hidden = !one; });
  $("beside").hidden = true;
  if (!one) return;
  for (const pane of panes) pane.style.aspectRatio = `${one.width} / ${one.height}`;
  for (const side of ["left", "right"]) load($(side), one.shown[state[side]], `${state.image}, ${labels[state[side]]}`);
  const name = (key) => [labels[key], scoreOfImage(key)].filter(Boolean).join(" ");
  const metric = data.metrics[state.metric]?.label ?? "";
  $("said").textContent = `Left ${name(state.left)}, right ${name(state.right)}${metric && ` (${metric})`}`;
  const key = one.errors[state.right] ? state.right : state.left;
  const error = one.errors[key];
  $("errors").hidden = !error;
  $("errors").parentElement.classList.toggle("single", !error);
  load($("error"), error, `Error map of ${labels[key]}`);
  if (error) $("error-said").textContent = `|${labels[key]} − reference|, mean over RGB: ${one.levels[key]} levels on average`;
  $("thumbs").replaceChildren(...sources().map((source) => element("li", {}, tile(source, one, {
    ariaPressed: String(source === state.right), onclick: () => set({ right: source }),
  }))));
  showView();
  showSplit();
}

function tile(source, one, properties) {
  const image = element("img", { src: one.shown[source], alt: "", width: one.width, height: one.height, decoding: "async" });
  const score = scoreOfImage(source);
  return element("button", { type: "button", ...properties }, image, labels[source], ...(score ? [element("br"), score] : []));
}

function openPicture(image, method) {
  const there = data.images.find((one) => one.dataset === state.dataset && one.name === image)?.shown[method];
  set(there || !data.images.length ? { image, right: method } : { image });
  if (!there) return;
  $("compare").scrollIntoView();
  $("pane").focus({ preventScroll: true });
}

if ($("pane")) {
  $("split").oninput = () => { state.split = Number($("split").value); showSplit(); };
  const place = (event, pane) => {
    const box = pane.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  for (const pane of panes) {
    let last = null;
    let moves = "split";
    pane.addEventListener("pointerdown", (event) => {
      const [x] = last = place(event, pane);
      const near = pane === $("pane") && Math.abs(x - state.split / 100) < 0.03;
      moves = view.zoom > 1 && !near ? "view" : "split";
      pane.setPointerCapture(event.pointerId);
    });
    pane.addEventListener("pointermove", (event) => {
      if (!last) return;
      const [x, y] = place(event, pane);
      if (moves === "view") {
        view.x -= x - last[0];
        view.y -= y - last[1];
        showView();
      } else {
        state.split = Math.min(100, Math.max(0, 100 * x));
        showSplit();
      }
      last = [x, y];
    });
    for (const end of ["pointerup", "pointercancel"]) pane.addEventListener(end, () => { last = null; });
    pane.addEventListener("dblclick", (event) => zoom(2, ...place(event, pane)));
    pane.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom(2 ** (-event.deltaY / 200), ...place(event, pane));
    }, { passive: false });
    pane.addEventListener("dragstart", (event) => event.preventDefault());
  }
  $("pane").addEventListener("keydown", (event) => {
    const step = 0.1;
    const keys = {
      "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: () => zoom(0),
      ArrowLeft: () => { view.x -= step; }, ArrowRight: () => { view.x += step; },
      ArrowUp: () => { view.y -= step; }, ArrowDown: () => { view.y += step; },
    };
    if (!(event.key in keys) || event.ctrlKey || event.metaKey) return;
    if (event.key.startsWith("Arrow") && view.zoom === 1) {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
        state.split = Math.min(100, Math.max(0, state.split + (event.key === "ArrowLeft" ? -2 : 2)));
        showSplit();
        event.preventDefault();
      }
      return;
    }
    keys[event.key]();
    showView();
    event.preventDefault();
  });
  for (const button of all("[data-zoom]")) {
    button.onclick = () => zoom({ in: 1.5, out: 1 / 1.5, reset: 0 }[button.dataset.zoom]);
  }
  for (const id of ["left", "right", "error"]) $(id).onerror = () => { $("beside").hidden = false; };
}

// --------------------------------------------------------------------------------- per image

const minus = (a, b) => (known(a) && known(b) ? (a === b ? 0 : a - b) : null); // also of two infinities
const mean = (values) => {
  const there = values.filter(known);
  return there.length ? there.reduce((sum, value) => sum + value, 0) / there.length : null;
};

// The class of a cell: from light to dark, blue for what is good, orange for what is worse.
function shader(values, up, differs) {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const largest = Math.max(...finite.map(Math.abs)) || 1;
  return (value) => {
    if (!Number.isFinite(value)) return "";
    if (differs) {
      const step = Math.ceil(6 * Math.abs(value) / largest);
      return step ? `${(value > 0) === up ? "h" : "w"}${step}` : "";
    }
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return `h${1 + Math.min(5, Math.floor(6 * (up ? share : 1 - share)))}`;
  };
}

function showHeat() {
  const images = data.scores[state.dataset]?.images ?? [];
  $("heat").replaceChildren();
  $("extremes").replaceChildren();
  $("heat-said").textContent = "No score in this protocol.";
  if (!column()) return;
  const { up, label } = data.metrics[state.metric];
  const base = state.against && scoresOf(state.against);
  const rows = data.methods.filter(({ name }) => scoresOf(name) && name !== state.against)
    .map(({ name }) => [name, scoresOf(name).map((value, k) => (base ? minus(value, base[k]) : value))]);
  const shade = shader(rows.flatMap(([, values]) => values), up, Boolean(base));
  const text = (value) => shown(value, state.metric, Boolean(base));
  const place = (name) => (name === state.image ? " shown" : "");
  const head = (words, className = "") => element("th", { scope: "col", className }, words);
  const plain = (words, className = "") => element("td", { className }, element("span", {}, words));
  const cell = (name, value, image) => element("td", {
    className: `col ${shade(value)}${place(image)}${place(image) && name === state.right ? " current" : ""}`,
  }, element("button", {
    type: "button", tabIndex: -1, ariaLabel: `${labels[name]}, ${image}: ${text(value)}`,
    onclick: () => openPicture(image, name),
  }, text(value)));
  const better = (values) => `${values.filter((value) => value && (value > 0) === up).length} of ${values.filter(known).length}`;
  $("heat").append(
    element("thead", {}, element("tr", {}, head("Method"), ...images.map((name) => head(name, `col${place(name)}`)),
      head("Mean"), ...(base ? [head("Better on")] : []))),
    element("tbody", {}, ...rows.map(([name, values]) => element("tr", {}, element("th", { scope: "row" }, labels[name]),
      ...values.map((value, k) => cell(name, value, images[k])),
      plain(text(mean(values)), "sum"), ...(base ? [plain(better(values))] : [])))),
  );
  $("heat").setAttribute("role", "grid");
  $("heat").setAttribute("aria-label", `${label} of each image`);
  ($("heat").querySelector(".current button") ?? $("heat").querySelector("button"))?.setAttribute("tabindex", "0");
  $("heat-said").textContent = [
    base ? `${label} minus that of ${labels[state.against]}, image by image: blue is better, orange worse.`
      : `${label}, ${up ? "higher" : "lower"} is better: the darker, the better.`,
    Object.keys(column().first).length ? "Mean over seeds." : "",
    data.images.length ? "Select a cell to compare it; arrow keys move between cells." : "",
  ].join(" ");
  showExtremes(images);
}

// The best and the worst images of the method that is compared.
function showExtremes(images) {
  const method = [state.right, ...data.methods.map((one) => one.name)].find(scoresOf);
  const { up } = data.metrics[state.metric];
  const scored = (scoresOf(method) ?? []).map((value, k) => [value, images[k]]).filter(([value]) => known(value));
  scored.sort(([a], [b]) => (up ? b - a : a - b) || 0);
  const some = Math.min(3, Math.floor(scored.length / 2));
  if (!some) return;
  const buttons = (pairs) => pairs.map(([value, name]) => element("button", {
    type: "button", onclick: () => openPicture(name, method),
  }, `${name} ${shown(value)}`));
  $("extremes").append(`${labels[method]}, best:`, ...buttons(scored.slice(0, some)),
    "worst:", ...buttons(scored.slice(-some).reverse()));
}

// Arrow keys move between the cells, of which one alone is a stop of the Tab key.
$("heat").addEventListener("keydown", (event) => {
  const cell = event.target.closest("td");
  const next = cell && {
    ArrowLeft: cell.previousElementSibling, ArrowRight: cell.nextElementSibling,
    ArrowUp: cell.parentElement.previousElementSibling?.cells[cell.cellIndex],
    ArrowDown: cell.parentElement.nextElementSibling?.cells[cell.cellIndex],
  }[event.key];
  const button = next?.querySelector("button");
  if (!button) return;
  event.preventDefault();
  event.target.tabIndex = -1;
  button.tabIndex = 0;
  button.focus();
});

// ------------------------------------------------------------------------------------- start

for (const select of all("select[data-state]")) {
  select.onchange = () => set({ [select.dataset.state]: select.value });
}
for (const form of all("form")) form.onsubmit = (event) => event.preventDefault();
$("intervals").onchange = (event) => tables.forEach((table) => table.classList.toggle("intervals", event.target.checked));
addEventListener("hashchange", fromAddress);

settle();
showScores();
showPicture();
showHeat();

// The summary's picture: the first image to be compared, as the best methods show it.
const strip = $("strip");
if (strip && picture()) {
  const one = picture();
  const keys = [...strip.dataset.methods.split(" "), "reference"].filter((key) => one.shown[key]);
  strip.append(...keys.map((key) => tile(key, one, {
    onclick: () => { set({ dataset: one.dataset }); openPicture(one.name, key); },
  })));
  strip.append(element("figcaption", {}, `${one.name}, from the middle of ${data.datasets[0].label}. Select a picture to compare it.`));
}
fromAddress();
