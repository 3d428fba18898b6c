"use strict";
// Search and filters. Without this script every requirement is on the page and opens by itself.
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId("filters");
  const text = byId("f-text");
  const selects = { verdict: byId("f-verdict"), stack: byId("f-stack"), owner: byId("f-owner"), extent: byId("f-extent") };
  const requirements = [...document.querySelectorAll(".req")];
  const words = new Map();
  const wordsOf = (row) => {
    if (!words.has(row)) words.set(row, row.textContent.toLowerCase());
    return words.get(row);
  };
  const matches = (row) =>
    (!selects.verdict.value || row.dataset.verdict === selects.verdict.value) &&
    (!selects.owner.value || row.dataset.owner === selects.owner.value) &&
    (!selects.extent.value || row.dataset.extent === selects.extent.value) &&
    (!selects.stack.value || row.dataset.stacks.includes(` ${selects.stack.value} `)) &&
    text.value.toLowerCase().split(/\s+/).every((word) => wordsOf(row).includes(word));
  const hideEmpty = (selector) => {
    for (const part of document.querySelectorAll(selector)) part.hidden = !part.querySelector(".req:not([hidden])");
  };
  const apply = () => {
    let shown = 0;
    for (const row of requirements) {
      row.hidden = !matches(row);
      if (!row.hidden) shown += 1;
    }
    hideEmpty(".subgroup");
    hideEmpty(".group");
    byId("f-count").value = shown === requirements.length
      ? `${shown} requirements` : `${shown} of ${requirements.length} requirements`;
    byId("f-none").hidden = shown > 0;
  };
  const openAll = (open) => {
    for (const row of requirements) if (!row.hidden) row.open = open;
  };
  const openTarget = () => {
    const target = location.hash.startsWith("#r-") && byId(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) form.reset();
    target.open = true;
    target.scrollIntoView();
  };

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  byId("f-open").addEventListener("click", () => openAll(true));
  byId("f-close").addEventListener("click", () => openAll(false));
  for (const tile of document.querySelectorAll(".tiles a")) {
    tile.addEventListener("click", () => {
      selects.verdict.value = tile.dataset.verdict;
      apply();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea")) return;
    event.preventDefault();
    text.focus();
  });
  const closedBeforePrint = [];
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details:not([open])")) {
      closedBeforePrint.push(part);
      part.open = true;
    }
  });
  window.addEventListener("afterprint", () => {
    for (const part of closedBeforePrint.splice(0)) part.open = false;
  });
  window.addEventListener("hashchange", openTarget);

  form.hidden = false;
  apply();
  openTarget();
})();
