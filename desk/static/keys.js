// Keys for people who work without a mouse; `?` lists them. They never fire while
// somebody types, and a switch in that list turns them off in this browser.
"use strict";

(() => {
  if (!document.querySelector(".nav")) return;
  const OFF = "claimthread-keys-off";
  const LIST = "claimthread-list";
  const $ = (selector, under = document) => under.querySelector(selector);
  const off = () => localStorage.getItem(OFF) === "1";

  // Back from a task leads to the list it was opened from.
  if (location.pathname === "/tasks") {
    const rows = [...document.querySelectorAll("tr[data-row]")].map((row) => row.dataset.row);
    sessionStorage.setItem(LIST, JSON.stringify({ href: location.pathname + location.search, rows }));
  }
  const list = JSON.parse(sessionStorage.getItem(LIST) || "null");
  const crumb = $('.crumbs a[href="/tasks"]');
  if (crumb && list) crumb.href = list.href;

  // --- rows ------------------------------------------------------------------------
  const rows = () => [...document.querySelectorAll("tr[data-row]")];
  const current = () => $("tr[data-row].at");
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(current());
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    if (at >= 0) all[at].classList.remove("at");
    next.classList.add("at");
    ($("[data-open]", next) || next).focus();
    next.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("tr[data-row]");
    if (!row || row === current()) return;
    current()?.classList.remove("at");
    row.classList.add("at");
  });
  const box = () => current() && $("input[type=checkbox]", current());
  let last = null;
  const select = () => { if (box()) { box().checked = !box().checked; last = current(); } };
  const range = () => {
    if (!box()) return;
    const all = rows();
    const ends = [all.indexOf(last || current()), all.indexOf(current())].sort((a, b) => a - b);
    for (const row of all.slice(Math.max(ends[0], 0), ends[1] + 1)) $("input[type=checkbox]", row).checked = true;
  };
  const selected = () => {
    const some = $("form[data-rows] input[name=task]:checked");
    if (!some && box()) box().checked = true;
    return Boolean(some || box());
  };
  const unfold = (selector) => {
    const found = $(selector);
    if (!found || ($("form[data-rows]") && !selected())) return;
    found.open = true;
    $("input:not([type=hidden]), select", found)?.focus();
  };
  const claim = () => {
    const button = $('form[data-rows] button[value="claim"]');
    if (button && selected()) button.click();
    else $('form[action$="/claim"] button')?.click();
  };
  const near = (by) => {
    const here = location.pathname.split("/")[2];
    const at = list && here ? list.rows.indexOf(here) : -1;
    if (at >= 0 && list.rows[at + by]) location.assign(`/tasks/${list.rows[at + by]}`);
  };
  const filters = () => {
    const found = $("[data-filters]");
    if (!found) return;
    found.open = !found.open;
    if (found.open) $("select", found).focus(); else $("summary", found).focus();
  };
  const go = (href) => { if ($(`.nav a[href="${href}"]`)) location.assign(href); };

  const KEYS = [
    ["j", "Next row", () => move(1)],
    ["k", "Row before", () => move(-1)],
    ["x", "Select the row", select],
    ["X", "Select every row from the last one you selected to this one", range],
    ["o", "Open the row (Enter does too)", () => $("[data-open]", current() || document.body)?.click()],
    ["e", "Take the selected tasks, or this task", claim],
    ["s", "Snooze", () => unfold("[data-snooze]")],
    ["a", "Assign", () => unfold("[data-assign]")],
    ["z", "Undo what you just did to tasks", () => $("[data-undo]")?.click()],
    ["f", "Filters", filters],
    ["/", "Search", () => $("#find")?.focus()],
    ["]", "Next task of the list", () => near(1)],
    ["[", "Task before it", () => near(-1)],
    ["?", "This list", () => show()],
  ];
  const PLACES = [["t", "Today", "/"], ["q", "Queue", "/tasks"], ["c", "Claims", "/claims"], ["a", "A/R", "/ar"], ["r", "Remits", "/remits"]];

  // --- the list of keys --------------------------------------------------------------
  const dialog = document.createElement("dialog");
  dialog.className = "keys";
  dialog.setAttribute("aria-labelledby", "keys-title");
  const title = document.createElement("h2");
  title.id = "keys-title";
  title.textContent = "Keys";
  const terms = document.createElement("dl");
  const term = (keys, words) => {
    const dt = document.createElement("dt");
    for (const key of keys) {
      const kbd = document.createElement("kbd");
      kbd.textContent = key;
      dt.append(kbd, " ");
    }
    const dd = document.createElement("dd");
    dd.textContent = words;
    terms.append(dt, dd);
  };
  for (const [key, words] of KEYS) term([key], words);
  for (const [key, words] of PLACES) term(["g", key], `Go to ${words}`);
  term(["Ctrl", "Enter"], "Send the decision you chose");
  term(["Ctrl", "Shift", "Enter"], "Send it and open the next task");
  const label = document.createElement("label");
  label.className = "tick";
  const tick = document.createElement("input");
  tick.type = "checkbox";
  tick.checked = !off();
  tick.addEventListener("change", () => localStorage.setItem(OFF, tick.checked ? "0" : "1"));
  const words = document.createElement("span");
  words.textContent = "Use these keys in this browser";
  label.append(tick, words);
  const close = document.createElement("button");
  close.className = "btn main";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.append(title, terms, label, close);
  document.body.append(dialog);
  const show = () => { if (!dialog.open) dialog.showModal(); };
  const entry = document.createElement("button");
  entry.type = "button";
  entry.className = "btn quiet";
  entry.textContent = "Keys and shortcuts";
  entry.addEventListener("click", show);
  $(".tools .menu .sheet")?.append(entry);

  // --- listening ---------------------------------------------------------------------
  const typing = (target) => target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target.tagName === "INPUT" && !/^(checkbox|radio|button|submit)$/.test(target.type));
  const submit = (next) => {
    const more = $(".choice:has(input:checked) .more");
    const button = more && $(next ? 'button[value="next"]' : "button.main", more);
    if (button) button.click();
  };
  let leading = 0;
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || off()) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.preventDefault();
      submit(event.shiftKey);
      return;
    }
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") {
      const open = event.target.closest("details.menu[open]");
      if (open) { open.open = false; $("summary", open).focus(); }
      return;
    }
    if (dialog.open || typing(event.target)) return;
    if (Date.now() - leading < 1500) {
      leading = 0;
      const place = PLACES.find(([key]) => key === event.key);
      if (place) { event.preventDefault(); go(place[2]); return; }
    }
    if (event.key === "g") { leading = Date.now(); return; }
    const known = KEYS.find(([key]) => key === event.key);
    if (!known) return;
    event.preventDefault();
    known[2]();
  });
})();
