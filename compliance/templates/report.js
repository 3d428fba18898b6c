"use strict";
// Search and filters; the address keeps them, so that a view can be sent to somebody. Without this script every
// requirement is on the page and opens by itself.
(() => {
  const NAMES = ["q", "group", "verdict", "outcome", "system", "owner", "evidence"];
  const byId = (id) => document.getElementById(id);
  const form = byId("filters");
  const controls = Object.fromEntries(NAMES.map((name) => [name, byId(`f-${name}`)]));
  const requirements = [...document.querySelectorAll(".req")];
  const systems = new Map([...controls.system.options].slice(1).map((option, index) => [option.value, String(index)]));

  const words = new Map();
  const wordsOf = (row) => {
    if (!words.has(row)) words.set(row, row.textContent.toLowerCase());
    return words.get(row);
  };
  const listed = (list, value) => list.split(" ").includes(value);
  const hasItem = (row, id) =>
    [...row.querySelectorAll(".item")].some((item) => item.id.toLowerCase().startsWith(id));
  const matches = (row, asked) =>
    (!asked.group || row.dataset.group === asked.group) &&
    (!asked.verdict || row.dataset.verdict === asked.verdict) &&
    (!asked.owner || row.dataset.owner === asked.owner) &&
    (!asked.outcome || listed(row.dataset.outcomes, asked.outcome)) &&
    (!asked.system || listed(row.dataset.systems, systems.get(asked.system))) &&
    (!asked.evidence || hasItem(row, asked.evidence.trim().toLowerCase())) &&
    (!asked.q || asked.q.toLowerCase().split(/\s+/).every((word) => wordsOf(row).includes(word)));

  const asked = () => Object.fromEntries(NAMES.map((name) => [name, controls[name].value]));
  const stateOf = (values) =>
    new URLSearchParams(NAMES.filter((name) => values[name]).map((name) => [name, values[name]])).toString();

  const hideEmpty = (selector) => {
    for (const part of document.querySelectorAll(selector)) part.hidden = !part.querySelector(".req:not([hidden])");
  };
  const apply = () => {
    const values = asked();
    let shown = 0;
    for (const row of requirements) {
      row.hidden = !matches(row, values);
      if (!row.hidden) shown += 1;
    }
    hideEmpty(".subgroup");
    hideEmpty(".group");
    const isWhole = shown === requirements.length;
    byId("f-count").value = isWhole ? `${shown} requirements` : `${shown} of ${requirements.length} requirements`;
    byId("f-none").hidden = shown > 0;
    const note = byId("f-print");
    note.hidden = isWhole;
    note.textContent = `Filtered: this print holds ${shown} of ${requirements.length} requirements (${stateOf(values)}).`;
  };
  const remember = () => {
    const state = stateOf(asked());
    history.replaceState(null, "", state ? `#${state}` : "#requirements");
  };
  const show = (values) => {
    for (const name of NAMES) controls[name].value = values.get(name) ?? "";
    apply();
  };

  const followAddress = () => {
    const fragment = location.hash.slice(1);
    if (fragment.includes("=")) {
      show(new URLSearchParams(fragment));
      byId("requirements").scrollIntoView();
      return;
    }
    const target = fragment && byId(fragment);
    const row = target && target.closest(".req");
    if (!row) return;
    if (row.hidden) show(new URLSearchParams());
    row.open = true;
    target.scrollIntoView();
  };

  form.addEventListener("input", () => { apply(); remember(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    show(new URLSearchParams());
    remember();
  });
  const openAll = (open) => {
    for (const row of requirements) if (!row.hidden) row.open = open;
  };
  byId("f-open").addEventListener("click", () => openAll(true));
  byId("f-close").addEventListener("click", () => openAll(false));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-filter]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    location.hash = new URLSearchParams(link.dataset.filter).toString();
    byId("h-requirements").focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) return;
    event.preventDefault();
    controls.q.focus();
  });

  // Browsers that print closed parts closed: open what belongs on paper, and close it again.
  const closedBeforePrint = [];
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll(".req:not([open])")) {
      closedBeforePrint.push(part);
      part.open = true;
    }
  });
  window.addEventListener("afterprint", () => {
    for (const part of closedBeforePrint.splice(0)) part.open = false;
  });
  window.addEventListener("hashchange", followAddress);

  form.hidden = false;
  byId("no-script").hidden = true;
  apply();
  followAddress();
})();
