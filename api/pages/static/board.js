"use strict";
// The board keeps itself fresh; a form is sent once, however often its button is pressed, and what
// cannot be taken back is asked about first; a label is printed; one tick ticks a whole list.
(() => {
  const main = document.getElementById("main");
  const seconds = Number(main && main.dataset.live);
  let failures = 0;

  const refresh = async () => {
    if (document.hidden || main.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
      if (answer.redirected) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      main.replaceChildren(...page.getElementById("main").childNodes);
      failures = 0;
    } catch { failures += 1; }
    document.body.classList.toggle("stale", failures > 1);
  };
  if (seconds) setInterval(refresh, seconds * 1000);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const sure = event.submitter && event.submitter.dataset.sure;
    const never = event.submitter && "never" in event.submitter.dataset;
    if (never || form.dataset.sent || (sure && !confirm(sure))) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.classList.add("busy");
  });
  for (const button of document.querySelectorAll("[data-prints]")) button.addEventListener("click", () => print());
  for (const all of document.querySelectorAll("[data-all]")) all.addEventListener("change", () => {
    for (const one of all.form.querySelectorAll(`[name^="${all.dataset.all}"]:enabled`)) one.checked = all.checked;
  });
  addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
})();
