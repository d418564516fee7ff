// The page that shows the HTTP interface as openapi.json describes it.

import { attachTheme } from "./theme.js";

const index = document.getElementById("index");
const calls = document.getElementById("calls");
const state = document.getElementById("status");

attachTheme(document.getElementById("theme"), () => {});

try {
  const reply = await fetch("openapi.json");
  if (!reply.ok) throw new Error(`the server answers ${reply.status}`);
  show(await reply.json());
} catch (error) {
  state.textContent = `openapi.json could not be read: ${error.message}. Load the page again.`;
}

function show(document_) {
  const operations = Object.entries(document_.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })));
  const groups = Map.groupBy(operations, ({ tags }) => tags[0]);
  index.replaceChildren(...[...groups].flatMap(([tag, members]) => [
    element("h2", {}, tag),
    element("ul", {}, ...members.map(({ operationId, method, path }) =>
      element("li", {}, element("a", { href: `#${operationId}` }, methodName(method), path)))),
  ]));
  calls.replaceChildren(...operations.map((operation) => call(operation, document_)));
  // The target of the address was not there yet when the browser looked for it.
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function call(operation, document_) {
  const { operationId, method, path, summary, description, parameters, requestBody, responses } = operation;
  const parts = [
    element("h2", {}, methodName(method), path),
    element("p", { class: "summary" }, description ?? `${summary}.`),
  ];
  if (parameters) {
    const rows = parameters.map(({ name, schema, description: text, required }) => row(name, typeOf(schema, document_), text, required));
    parts.push(element("h3", {}, "Parameters"), table(rows));
  }
  if (requestBody) {
    const [[mediaType, { schema }]] = Object.entries(requestBody.content);
    parts.push(element("h3", {}, "Body, ", element("code", {}, mediaType)), table(fields(schema, document_)));
  }
  for (const [status, response] of Object.entries(responses)) parts.push(...reply(status, response, document_));
  return element("section", { class: "call", id: operationId, "aria-label": `${method} ${path}` }, ...parts);
}

function reply(status, { description, content }, document_) {
  const parts = [element("h3", {}, element("code", {}, status), " "), element("p", { class: "described" })];
  parts[1].append(...codes(description));
  // Errors are all alike: their codes are their description.
  if (!content || Number(status) >= 400) return parts;
  const [[, { schema }]] = Object.entries(content);
  const rows = fields(schema, document_);
  return rows.length ? [...parts, table(rows)] : parts;
}

/** The rows of a schema's fields, and of theirs. */
function fields(schema, document_, depth = 0, seen = []) {
  const found = resolve(schema, document_);
  const alternatives = found.anyOf ?? found.oneOf;
  if (alternatives) return alternatives.flatMap((it) => fields(it, document_, depth, seen));
  if (found.type === "array" || found.items) return fields(found.items ?? {}, document_, depth, seen);
  if (seen.includes(found)) return [];
  return Object.entries(found.properties ?? {}).flatMap(([name, property]) => {
    const inner = resolve(property, document_);
    const text = property.description ?? inner.description;
    const below = fields(property, document_, depth + 1, [...seen, found]);
    return [row(name, typeOf(property, document_), text, found.required?.includes(name), depth), ...below];
  });
}

function resolve(schema, document_) {
  if (schema === true || !schema) return {};
  if (!schema.$ref) return schema;
  return schema.$ref.slice(2).split("/").reduce((value, key) => value[key], document_);
}

function typeOf(schema, document_) {
  const found = resolve(schema, document_);
  if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (found.const !== undefined) return JSON.stringify(found.const);
  const alternatives = found.anyOf ?? found.oneOf;
  if (alternatives) return alternatives.map((it) => typeOf(it, document_)).join(" | ");
  if (found.type === "array") return `${typeOf(found.items, document_)}[]`;
  return [found.type ?? "any"].flat().join(" | ");
}

function row(name, type, description, required, depth = 0) {
  const mark = required ? [element("span", { class: "required", title: "always there" }, "*")] : [];
  const first = element("td", {}, name, ...mark);
  first.style.setProperty("--depth", depth);
  const last = element("td", { class: "described" });
  last.append(...codes(description ?? ""));
  return element("tr", {}, first, element("td", {}, type), last);
}

function table(rows) {
  const heads = ["name", "type", "what it is"].map((text) => element("th", { scope: "col" }, text));
  return element("table", { class: "fields" },
    element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
}

function methodName(method) {
  return element("span", { class: "method", "data-method": method }, method);
}

/** Text in which `...` is code. */
function codes(text) {
  return text.split(/`([^`]+)`/).map((part, place) => (place % 2 ? element("code", {}, part) : part));
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
