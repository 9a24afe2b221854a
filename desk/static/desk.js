// What HTML alone cannot do: keys, the warning before an automatic sign-out, and a
// guard against double clicks. Every action works without this file.
"use strict";

(() => {
  // One POST for each click: the server refuses a second one too.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    window.setTimeout(() => { delete form.dataset.sent; }, 8000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  // Idle: warn two minutes before, count down, go to the sign-in page at the end.
  const box = document.getElementById("idle");
  const limit = Number(document.body.dataset.idle || 0);
  if (box && limit) {
    let seen = Date.now();
    const left = document.getElementById("idle-left");
    const again = () => { seen = Date.now(); box.hidden = true; };
    document.body.addEventListener("htmx:afterRequest", again);
    box.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const form = event.target;
      fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } })
        .then((answer) => { delete form.dataset.sent; if (answer.status === 204) again(); else location.reload(); });
    });
    window.setInterval(() => {
      const seconds = Math.round(limit - (Date.now() - seen) / 1000);
      if (seconds <= -2) { location.reload(); return; }
      if (seconds > 120) return;
      if (box.hidden) { box.hidden = false; document.getElementById("idle-stay").focus(); }
      left.textContent = seconds > 60 ? `${Math.ceil(seconds / 60)} minutes` : `${Math.max(seconds, 0)} seconds`;
    }, 1000);
  }
})();
