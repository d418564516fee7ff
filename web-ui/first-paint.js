// Runs before anything is drawn, so that a remembered choice of colours does not flash, and says so if the rest of the page
// does not come. No module: those run later.

"use strict";

try {
  const chosen = localStorage.getItem("dayfly.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off: the system's choice holds.
}

addEventListener("error", ({ target }) => {
  if (!(target instanceof HTMLScriptElement)) return;
  const status = document.getElementById("status");
  status.dataset.tone = "failure";
  status.textContent = "The page could not be loaded. Load it again.";
}, { capture: true });
