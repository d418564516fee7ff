// Runs before anything is drawn, so that a remembered choice of colours does not flash. No module: those run later.

"use strict";

try {
  const chosen = localStorage.getItem("dayfly.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off: the system's choice holds.
}
