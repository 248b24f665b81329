// Keys, live updates and the ten seconds of Undo. Without it every page still shows everything.
"use strict";

const byId = (id) => document.getElementById(id);
const inbox = byId("alerts");
const page = byId("alert");
const rows = () => [...document.querySelectorAll(".alerts > .alert, #alert .story")];
let selected = null;

// ---- selection

function select(row) {
  if (selected) selected.classList.remove("selected");
  selected = row;
  if (!row) return;
  row.classList.add("selected");
  row.scrollIntoView({ block: "nearest" });
  const link = row.querySelector("a[href]");
  if (link) link.focus({ preventScroll: true });
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const place = all.indexOf(selected);
  select(all[Math.min(all.length - 1, Math.max(0, place < 0 ? (step > 0 ? 0 : all.length - 1) : place + step))]);
}

// ---- actions

function act(name) {
  if (page) {
    const form = document.querySelector(`#actions form[action$="/${name}"]`);
    if (form && !form.querySelector("button").disabled) form.requestSubmit();
    return;
  }
  const row = inbox && selected;
  if (!row || !row.dataset.alert || row.dataset.state === "resolved" && name !== "false-alarm") return;
  const form = document.createElement("form");
  form.method = "post";
  form.action = `/alerts/${row.dataset.alert}/${name}`;
  form.innerHTML = '<input type="hidden" name="back" value="inbox">';
  form.hidden = true;
  document.body.append(form);
  sessionStorage.setItem("selected", row.id);
  form.submit();
}

function silence() {
  const row = inbox && selected && selected.dataset.state !== "resolved" ? selected : null;
  const link = byId("silence") || row && row.querySelector("a.over");
  if (link) location.href = link.href;
}

function label(story) {
  const dialog = byId("label");
  if (!dialog || !story) return;
  const form = dialog.querySelector("form");
  form.reset();
  form.action = form.dataset.action.replace("{story}", story);
  byId("label-story").textContent = byId(`s-${story}`).querySelector("h3").textContent;
  dialog.showModal();
}

async function copyBrief() {
  const brief = byId("brief"), button = byId("copy");
  if (!brief) return;
  const html = document.createElement("div");
  for (const text of brief.textContent.split("\n")) {
    const line = document.createElement("p");
    if (/^https?:\/\//.test(text)) {
      const link = document.createElement("a");
      link.href = link.textContent = text;
      line.append(link);
    } else line.textContent = text;
    if (text) html.append(line);
  }
  await navigator.clipboard.write([new ClipboardItem({
    "text/plain": new Blob([brief.textContent], { type: "text/plain" }),
    "text/html": new Blob([html.innerHTML], { type: "text/html" }),
  })]);
  const before = button.innerHTML;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.innerHTML = before; }, 2000);
}

function tables() {
  const all = [...document.querySelectorAll("details.table")];
  const open = !all.some((table) => table.open);
  for (const table of all) table.open = open;
}

// ---- keys

const go = { i: "/", t: "/trends", s: "/system" };
let leading = -Infinity;

const keys = {
  j: () => move(1),
  k: () => move(-1),
  u: () => { if (byId("back")) byId("back").click(); else if (page) location.href = "/"; },
  a: () => act("acknowledge"),
  e: () => act("close"),
  f: () => act("false-alarm"),
  s: silence,
  w: () => label(selected && selected.dataset.story),
  c: () => { copyBrief(); },
  t: () => tables(),
  ".": () => showNew(),
  "/": () => byId("search").focus(),
  "?": () => byId("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, dialog[open]")) return;
  if (event.timeStamp - leading < 1000 && go[event.key]) {
    leading = -Infinity;
    location.href = go[event.key];
    return;
  }
  if (event.key === "g") { leading = event.timeStamp; return; }
  const wanted = keys[event.key];
  if (!wanted) return;
  event.preventDefault();
  wanted();
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest(".alerts > .alert, #alert .story");
  if (row && row !== selected) {
    if (selected) selected.classList.remove("selected");
    selected = row;
    row.classList.add("selected");
  }
});

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.closest("[data-label]")) label(target.closest("[data-label]").dataset.label);
  else if (target.closest("[data-close]")) target.closest("dialog").close();
  else if (target.closest("#help")) byId("keys").showModal();
  else if (target.closest("#copy")) copyBrief();
  else if (target.closest("#pill")) showNew();
  else if (target.closest("#changed")) location.reload();
});

// The newest lies at the right, which a narrow screen would hide.
if (byId("heat")) byId("heat").scrollLeft = byId("heat").scrollWidth;

// ---- undo

const toast = byId("toast");
if (toast) setTimeout(() => toast.remove(), toast.dataset.seconds * 1000);

const kept = sessionStorage.getItem("selected");
if (inbox && kept) {
  sessionStorage.removeItem("selected");
  select(byId(kept));
}
if (location.search.includes("refused=")) {
  const clean = new URL(location.href);
  clean.searchParams.delete("refused");
  history.replaceState(null, "", clean);
}

// ---- live updates

let token = document.body.dataset.token;
let waiting = [];

async function fetchPage(address) {
  const answer = await fetch(address, { headers: { accept: "text/html" } });
  if (!answer.ok) throw new Error(answer.status);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// Rows never move under the reader: known rows change in place, new ones come in at the top when
// nothing is focused there, and wait behind the pill otherwise.
async function refreshInbox() {
  const fresh = [...(await fetchPage(location.href)).querySelectorAll("#alerts > li")];
  waiting = [];
  for (const row of fresh) {
    const known = row.id && byId(row.id);
    if (!known) { if (row.id) waiting.push(row); }
    else if (known.dataset.version !== row.dataset.version) {
      if (known === selected) { row.classList.add("selected"); selected = row; }
      known.replaceWith(row);
    }
  }
  if (inbox.dataset.page !== "1") waiting = [];
  const pill = byId("pill");
  if (waiting.length && !selected && scrollY < 40) showNew();
  pill.hidden = !waiting.length;
  pill.textContent = pill.dataset.text.replace("{n}", waiting.length);
}

function showNew() {
  if (!inbox || !waiting.length) return;
  for (const empty of inbox.querySelectorAll(".empty")) empty.remove();
  inbox.prepend(...waiting);
  for (const row of waiting) {
    row.classList.add("new");
    setTimeout(() => row.classList.remove("new"), 6000);
  }
  waiting = [];
  byId("pill").hidden = true;
  scrollTo({ top: 0 });
}

async function refreshAlert() {
  const fresh = (await fetchPage(location.href)).getElementById("alert");
  byId("changed").hidden = !fresh || fresh.dataset.version === page.dataset.version;
}

async function refreshPulse() {
  const answer = await fetch("/pulse");
  if (!answer.ok) throw new Error(answer.status);
  byId("pulse").innerHTML = await answer.text();
  const open = byId("open");
  if (open && byId("count")) byId("count").textContent = open.textContent;
}

let lostAt = null;

function lost() {
  if (lostAt) return;
  lostAt = new Date();
  const { zone, zoneLabel } = document.body.dataset;
  const time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(lostAt);
  const banner = byId("lost");
  banner.textContent = banner.dataset.text.replace("{time}", `${time} ${zoneLabel}`);
  banner.hidden = false;
}

function found() {
  lostAt = null;
  byId("lost").hidden = true;
}

let source = null;

function listen() {
  if (source) source.close();
  source = new EventSource("/events");
  source.addEventListener("alerts", (event) => {
    found();
    if (event.data === token) return;
    token = event.data;
    refreshPulse().catch(lost);
    if (inbox) refreshInbox().catch(lost);
    if (page) refreshAlert().catch(lost);
  });
  source.onerror = lost;
}

// A browser opens few connections to one host: only pages that are seen hold one.
document.addEventListener("visibilitychange", () => {
  if (!token) return;
  if (document.hidden) { source.close(); return; }
  listen();
  refreshPulse().catch(lost);
});
// Leaving a page breaks its stream, which is no loss.
addEventListener("pagehide", () => { if (source) source.close(); });
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
if (token) {
  listen();
  setInterval(() => { if (!document.hidden) refreshPulse().catch(lost); }, 10000);
}
