// What the desk's pages have beside what they are without scripts: the reader's zone on hover,
// what a mark means at once, a closer look, suggestions, copying, and news without a reload.
// Nothing here computes or words a number: pages come from the server.
"use strict";

const own = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});

/* Times: the exact moment in UTC, and in the reader's zone; also of times in the middle of text and
   in the words of a mark. */
const stamp = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| UTC)/;
const exact = text => text.replace(" UTC", "Z").replace(" ", "T");

function withOwnZone(words) {
  const times = words.match(new RegExp(stamp, "g")) || [];
  return [words, ...times.map(text => own.format(new Date(exact(text))))].join("\n");
}

function timesInText(root) {
  const walker = document.createTreeWalker(root.querySelector("main"), NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (stamp.test(node.data) && !node.parentNode.closest("time, pre, code, svg, select, textarea")) nodes.push(node);
  }
  for (let node of nodes) {
    for (let found; (found = stamp.exec(node.data));) {
      const time = document.createElement("time");
      const text = node.splitText(found.index);
      node = text.splitText(found[0].length);
      time.dateTime = exact(found[0]);
      text.replaceWith(time);
      time.append(text);
    }
  }
}

function localTimes(root) {
  timesInText(root);
  const moment = document.getElementById("as_of");
  if (moment && moment.value) moment.title = own.format(new Date(`${moment.value}Z`));
  for (const time of root.querySelectorAll("time[datetime]")) {
    time.title = `${time.dateTime}\n${own.format(new Date(time.dateTime))}`;
  }
}

/* Pictures: what stands in a mark's <title>, without waiting for the browser to show it. */
const bubble = document.createElement("div");
bubble.className = "bubble";
bubble.hidden = true;
bubble.setAttribute("aria-hidden", "true");

function pointed(event) {
  const mark = event.target.closest && event.target.closest("svg a, svg [aria-label], svg polyline, svg polygon, svg .stamp");
  const title = mark && mark.querySelector(":scope > title");
  const words = mark && (title ? title.textContent : mark.getAttribute("role") === "graphics-symbol" && mark.getAttribute("aria-label"));
  bubble.hidden = !words;
  if (!words) return;
  bubble.textContent = withOwnZone(words);
  const left = Math.min(event.clientX + 14, innerWidth - bubble.offsetWidth - 8);
  bubble.style.left = `${Math.max(left, 8)}px`;
  bubble.style.top = `${Math.max(event.clientY - bubble.offsetHeight - 12, 8)}px`;
}

/* A closer look: a rectangle drawn over a picture fills it; a double click shows all again. */
function zoomable(svg) {
  const whole = svg.getAttribute("viewBox");
  let from = null, box = null;
  const place = event => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const corners = to => [Math.min(from.x, to.x), Math.min(from.y, to.y), Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
  svg.addEventListener("pointerdown", event => {
    if (event.button || event.pointerType === "touch") return;
    from = place(event);
    svg.addEventListener("dragstart", stop => stop.preventDefault(), {once: true});
  });
  svg.addEventListener("pointermove", event => {
    if (!from) return;
    const [x, y, width, height] = corners(place(event));
    if (!box && width + height < 8) return;
    if (!box) {
      box = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "rect"));
      box.setAttribute("class", "brush");
      svg.setPointerCapture(event.pointerId);
    }
    for (const [name, value] of Object.entries({x, y, width, height})) box.setAttribute(name, value);
  });
  svg.addEventListener("pointerup", event => {
    if (box) {
      const [x, y, width, height] = corners(place(event));
      if (width > 8 && height > 8) svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
      box.remove();
      svg.addEventListener("click", stop => stop.preventDefault(), {once: true, capture: true});
    }
    from = box = null;
  });
  svg.addEventListener("dblclick", () => svg.setAttribute("viewBox", whole));
}

/* Fields that suggest values: what an answer lists that begins with what was typed. */
function suggesting(input) {
  const list = input.parentNode.appendChild(document.createElement("datalist"));
  list.id = `${input.id}-list`;
  input.setAttribute("list", list.id);
  let waiting = 0, newest = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const request = ++newest;
      const url = new URL(input.dataset.suggest, location.href);
      url.searchParams.set("begins", input.value);
      const answer = await fetch(url).catch(() => null);
      if (!answer || !answer.ok || request !== newest) return;
      const options = (await answer.json()).values.map(({value}) => {
        const option = document.createElement("option");
        option.value = value;
        return option;
      });
      list.replaceChildren(...options);
    }, 120);
  });
}

/* Text to copy. */
function copyable(pre) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(pre.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  button.className = "copy";
  const box = document.createElement("div");
  box.className = "copying";
  pre.replaceWith(box);
  box.append(pre, button);
}

function enhance(root) {
  localTimes(root);
  root.querySelectorAll("svg.plot").forEach(zoomable);
  root.querySelectorAll("input[data-suggest]").forEach(suggesting);
  if (navigator.clipboard) root.querySelectorAll("pre.text").forEach(copyable);
}

/* News: when something happens the page is fetched again, and its content takes the place of the
   old one; while somebody fills in a form, only a line says so. What is still being computed is
   asked for again in the same way. */
let stream = null, waiting = 0, last = null;

function listen() {
  const url = document.body.dataset.events;
  if (!url || stream || document.hidden) return;
  const from = new URL(url, location.href);
  if (last !== null) from.searchParams.set("after", last);
  stream = new EventSource(from);
  for (const kind of document.body.dataset.kinds.split(" ")) stream.addEventListener(kind, happened);
}

function happened(event) {
  last = event.lastEventId;
  clearTimeout(waiting);
  waiting = setTimeout(refresh, 250);
}

function isBusy() {
  const active = document.activeElement;
  const typing = active && ["INPUT", "SELECT", "TEXTAREA"].includes(active.tagName);
  return typing || String(getSelection()) !== "";
}

function again() {
  if (!document.querySelector("main[data-waits]")) return;
  clearTimeout(waiting);
  waiting = setTimeout(refresh, 1000);
}

async function refresh(force = false) {
  const news = document.getElementById("news");
  if (force !== true && isBusy()) {
    news.hidden = document.querySelector("main[data-waits]") !== null;
    return again();
  }
  const answer = await fetch(location.href).catch(() => null);
  if (!answer) return again();
  if (!answer.ok) {
    if (document.querySelector("main[data-waits]")) location.reload();
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const main = page.querySelector("main");
  if (!main) return;
  const open = [...document.querySelectorAll("main details")].map(each => each.open);
  document.querySelector("main").replaceWith(document.adoptNode(main));
  main.querySelectorAll("details").forEach((each, i) => { each.open = open[i] || each.open; });
  document.querySelector("footer").replaceWith(document.adoptNode(page.querySelector("footer")));
  document.title = page.title;
  news.hidden = true;
  enhance(document);
  again();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden && stream) {
    stream.close();
    stream = null;
  }
  listen();
});
document.addEventListener("pointermove", pointed);
document.addEventListener("keydown", event => {
  if (event.key === "/" && !isBusy()) {
    const search = document.querySelector("main input[type=search]");
    if (search) { search.focus(); event.preventDefault(); }
  }
});
document.body.append(bubble);
document.getElementById("news").querySelector("button").addEventListener("click", () => refresh(true));
enhance(document);
again();
listen();
