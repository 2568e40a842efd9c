// The script of the page. The server makes all HTML: this sends forms as JSON, follows links inside a section, and
// asks for the page again whenever the server says that it has changed.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// -- what is shown

/** The HTML of an element as the server sent it: what is typed into it does not count. */
const sent = new WeakMap();
const sourceOf = (element) => sent.get(element) ?? element.outerHTML;
const remember = (root) => {
  for (const part of $$("[data-items] > *, [data-whole]", root)) sent.set(part, part.outerHTML);
};

/** Put the new items of a list where they belong; those that have not changed stay, with their focus. */
function reconcile(list, fresh) {
  const known = new Map([...list.children].map((item) => [item.id, item]));
  let place = list.firstElementChild;
  for (const item of [...fresh.children]) {
    const old = known.get(item.id);
    known.delete(item.id);
    const same = old && sourceOf(old) === item.outerHTML;
    if (same && old === place) {
      place = place.nextElementSibling;
      continue;
    }
    const put = same ? old : item;
    if (!same) sent.set(item, item.outerHTML);
    if (old && !same) {
      if (old === place) place = old.nextElementSibling;
      old.remove();
    }
    if (!old && live) put.classList.add("new");
    list.insertBefore(put, place);
  }
  for (const gone of known.values()) gone.remove();
}

/** The parts of the page that change by themselves. */
function update(fresh) {
  const bottom = $("[data-bottom]");
  const below = bottom && bottom.scrollHeight - bottom.scrollTop - bottom.clientHeight < 80;
  for (const list of $$("[data-items]")) {
    const other = fresh.getElementById(list.id);
    if (other) reconcile(list, other);
  }
  for (const part of $$("[data-whole]")) {
    const other = fresh.getElementById(part.id);
    if (!other || sourceOf(part) === other.outerHTML) continue;
    sent.set(other, other.outerHTML);
    part.replaceWith(other);
  }
  if (below) bottom.scrollTop = bottom.scrollHeight;
}

async function load(url) {
  const reply = await fetch(url, { headers: { accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  const main = $("main", fresh);
  if (!main) throw new Error(reply.statusText);
  return { fresh, main };
}

/** Open an address inside the section, without loading the whole page. */
async function open(url, { push = true, keep = null } = {}) {
  const scroll = $(".list")?.scrollTop ?? 0;
  const { fresh, main } = await load(url);
  if (push) history.pushState(null, "", url);
  document.title = fresh.title;
  if (keep) {
    // somebody is typing into this form: only what is around it changes
    update(fresh);
    $("main").dataset.seen = main.dataset.seen;
  } else {
    $("main").replaceWith(main);
    remember(main);
    settle();
    const list = $(".list");
    if (list) list.scrollTop = scroll;
  }
  for (const back of $$("input[name=back]")) back.value = url;
  listen();
}

/** Scroll a chat to its end. */
function settle() {
  const bottom = $("[data-bottom] .messages")?.parentElement;
  if (bottom) bottom.scrollTop = bottom.scrollHeight;
}

// -- what is live

let source = null;
let live = false;
let busy = false;
let again = false;
let acting = 0;
let missed = false;

async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    do {
      again = false;
      const here = location.href;
      const { fresh, main } = await load(here);
      if (here !== location.href) continue;
      update(fresh);
      $("main").dataset.seen = main.dataset.seen;
      lamp(true);
    } while (again);
  } catch {
    lamp(false);
  } finally {
    busy = false;
  }
}

/** A browser has six connections to one server. Four tabs may keep one each; returns what gives it back, or null. */
async function connection() {
  if (!navigator.locks) return () => {};
  for (const name of ["live-1", "live-2", "live-3", "live-4"]) {
    const release = await new Promise((resolve) => {
      navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? new Promise(resolve) : resolve(null)));
    });
    if (release) return release;
  }
  return null;
}

let release = null;
let listening = 0;
let next = 0;

async function listen() {
  const mine = ++listening;
  missed = false; // the server tells of all that is not in the page as it is now
  source?.close();
  clearTimeout(next);
  const main = $("main[data-live]");
  if (!main || document.hidden) {
    release?.();
    release = null;
    return;
  }
  release ??= await connection();
  if (mine !== listening) return;
  if (!release) {
    next = setTimeout(() => refresh().then(listen), 2000);
    return;
  }
  const query = new URLSearchParams(location.search);
  query.set("seen", main.dataset.seen);
  source = new EventSource(`${main.dataset.live}?${query}`);
  source.onopen = () => lamp(true);
  source.onerror = () => lamp(false);
  source.onmessage = ({ data }) => {
    live = true;
    if (acting) missed = true; // what is under way ends with a look at its result
    else if (data === "missing") open($(".back")?.getAttribute("href") ?? "/");
    else refresh();
  };
}

function lamp(on) {
  const shown = $("[data-lamp]");
  shown.hidden = false;
  shown.classList.toggle("off", !on);
  shown.textContent = on ? shown.dataset.on : shown.dataset.off;
}

// -- what is done

const words = (text) => text.split(/[\s,，、]+/).filter(Boolean);
const KINDS = {
  text: (text) => text,
  number: Number,
  "number-or-null": (text) => (text === "" ? null : Number(text)),
  list: words,
  numbers: (text) => words(text).map(Number),
  json: JSON.parse,
  components: (text) => text.split("\n").filter((line) => line.trim()).map((label) => ({ type: "TextField", label: label.trim() })),
  steps: (text) => words(text).map((userid) => ({ users: [userid] })),
};

const base64 = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

/** What a form says, as the JSON of a request. Of a form that changes something, only what was changed. */
async function said(form, submitter) {
  const body = {};
  for (const field of form.elements) {
    const { name, value } = field;
    if (!name || field.disabled || (field.type === "submit" && field !== submitter)) continue;
    const kind = field.dataset.kind ?? "text";
    if ("changes" in form.dataset && value === field.defaultValue) continue;
    if (kind === "flag") body[name] = field.checked;
    else if (kind === "file") {
      const [file] = field.files;
      if (file) body[name] = { type: "file", name: file.name, content: await base64(file) };
    } else if (kind === "spread") Object.assign(body, JSON.parse(value));
    else if (value !== "" || kind === "number-or-null" || "changes" in form.dataset) {
      if (!(name in body) || value !== "") body[name] = KINDS[kind](value);
    }
  }
  return body;
}

async function act(form, submitter) {
  const buttons = $$("button", form);
  for (const button of buttons) button.disabled = true;
  acting += 1;
  try {
    const method = form.dataset.method ?? "POST";
    const options = { method, headers: { "content-type": "application/json" } };
    if (method !== "DELETE") options.body = JSON.stringify(await said(form, submitter));
    const reply = await fetch(submitter?.dataset.action ?? form.dataset.action, options);
    if (!reply.ok) {
      const problem = await reply.json().catch(() => ({ message: reply.statusText }));
      throw new Error(problem.message);
    }
    if ("reset" in form.dataset) form.reset();
    if (!("quiet" in form.dataset)) toast($("[data-toasts]").dataset.done);
    if (form.dataset.then) await open(form.dataset.then);
    else if ("changes" in form.dataset) await open(location.pathname + location.search, { push: false });
    else await refresh();
  } catch (error) {
    toast(`${$("[data-toasts]").dataset.failed}: ${error.message}`, true);
  } finally {
    acting -= 1;
    if (missed && !acting) {
      missed = false;
      refresh();
    }
    for (const button of buttons) button.disabled = false;
  }
}

function toast(text, bad = false) {
  const shown = document.createElement("p");
  shown.textContent = text;
  shown.classList.toggle("bad", bad);
  $("[data-toasts]").append(shown);
  setTimeout(() => shown.remove(), bad ? 8000 : 2500);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if ("filter" in form.dataset) {
    event.preventDefault();
    filter(form);
  }
  if (!form.dataset.action) return;
  event.preventDefault();
  if (form.dataset.sure && !confirm(form.dataset.sure)) return;
  act(form, event.submitter);
});

/** Show what a form in the list asks for, while its fields keep the focus. */
function filter(form, keep = null) {
  const query = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  open(`${form.getAttribute("action")}${query.size ? "?" : ""}${query}`, { keep }).catch(() => lamp(false));
}

let typing = 0;
document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (!form) return;
  if ("send" in event.target.dataset) {
    for (const other of $$("input[required]", form)) other.disabled = true;
    act(form, null).finally(() => {
      for (const other of $$("input[required]", form)) other.disabled = false;
    });
  } else if ("filter" in form.dataset) {
    clearTimeout(typing);
    const search = event.target.type === "search";
    typing = setTimeout(() => filter(form, search ? form : null), search ? 150 : 0);
  }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-open]");
  if (link && !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    open(link.getAttribute("href")).catch(() => location.assign(link.href));
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const text = $("code", copy.closest(".code")).textContent;
    navigator.clipboard.writeText(text).then(() => toast($("[data-toasts]").dataset.copied), () => {});
  }
});

addEventListener("popstate", () => open(location.pathname + location.search, { push: false }).catch(() => location.reload()));
addEventListener("visibilitychange", () => (document.hidden ? listen() : refresh().then(listen)));
addEventListener("DOMContentLoaded", () => {
  remember(document);
  settle();
  listen();
});
