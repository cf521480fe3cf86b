// A form for each route of the documentation: set names and keys are offered, answers formatted.
"use strict";

const routes = document.querySelector("[data-sets]");
const root = new URL(routes.dataset.root, location.href);
const names = document.body.appendChild(document.createElement("datalist"));
names.id = "set-names";

function option(value) {
  const made = document.createElement("option");
  made.value = value;
  return made;
}

async function answerOf(url) {
  const answer = await fetch(url).catch(() => null);
  return answer && answer.ok ? answer.json() : null;
}

answerOf(new URL(routes.dataset.sets, location.href)).then(body => {
  if (body) names.replaceChildren(...body.sets.map(({name}) => option(name)));
});

// A key fills several segments of the path: its slashes separate parts, each is encoded by itself.
function offerKeys(input, setName) {
  const list = document.body.appendChild(document.createElement("datalist"));
  list.id = `${input.id}-keys`;
  input.setAttribute("list", list.id);
  input.addEventListener("input", async () => {
    const parts = input.value.split("/");
    const begins = parts.pop();
    const path = ["v1/sets", encodeURIComponent(setName()), "keys", ...parts].join("/");
    const url = new URL(path, root);
    url.searchParams.set("begins", decodeURIComponent(begins));
    const body = await answerOf(url);
    if (!body) return;
    const before = parts.map(part => `${part}/`).join("");
    list.replaceChildren(...body.values.map(({value}) => option(before + encodeURIComponent(value))));
  });
}

// Numbers that JavaScript would round stay as they were sent.
function formatted(text, type) {
  if (!/json/.test(type) || /[\d]{16,}/.test(text.replace(/\d*\.\d+(e[-+]?\d+)?/gi, ""))) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function urlOf(path, fields) {
  const query = new URLSearchParams();
  for (const [name, place, input] of fields) {
    if (!input.value) continue;
    const value = name === "key" ? input.value : encodeURIComponent(input.value);
    if (place === "path") path = path.replace(`{${name}}`, value);
    else query.set(name, input.value);
  }
  return new URL((query.size ? `${path}?${query}` : path).slice(1), root);
}

function trial(operation, number) {
  const {method, path, body} = operation.dataset;
  const fields = [...operation.querySelectorAll(".parameters tbody tr")].map((row, i) => {
    const input = document.createElement("input");
    input.id = `try-${number}-${i}`;
    input.placeholder = row.dataset.default;
    input.setAttribute("aria-label", row.dataset.name);
    if (row.dataset.name === "set") input.setAttribute("list", names.id);
    row.cells[0].append(document.createElement("br"), input);
    return [row.dataset.name, row.dataset.in, input];
  });
  const named = wanted => fields.find(([name, place]) => name === wanted && place === "path");
  if (named("key") && named("set")) offerKeys(named("key")[2], () => named("set")[2].value);
  const sent = document.createElement("textarea");
  sent.setAttribute("aria-label", "Body");
  sent.value = '{"keys": []}';
  const button = document.createElement("button");
  button.textContent = "Send";
  const output = document.createElement("pre");
  output.tabIndex = 0;
  output.hidden = true;
  button.addEventListener("click", async () => {
    const url = urlOf(path, fields);
    const options = body ? {method, body: sent.value, headers: {"content-type": "application/json"}} : {};
    output.hidden = false;
    try {
      const answer = await fetch(url, options);
      const head = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
      const type = answer.headers.get("content-type") || "";
      const text = formatted(await answer.text(), type);
      output.textContent = `${method} ${url.pathname}${url.search}\n\n${answer.status}\n${head}\n\n${text.slice(0, 200000)}`;
    } catch (error) {
      output.textContent = `${method} ${url}\n\n${error}`;
    }
  });
  operation.append(...(body ? [sent] : []), button, output);
}

// A form is made when its route is opened: there are many.
routes.querySelectorAll(".operation").forEach((operation, i) => {
  operation.addEventListener("toggle", () => trial(operation, i), {once: true});
});
