// The divider between the panes: dragged, moved with the arrow keys, put back by a double click.

import { forget, recall, remember } from "./preferences.js";

const STEP = 2;
const LEAST = 20;
const MOST = 80;

/** The proportions of the wide and of the narrow layout are kept apart. */
export function attachDivider(divider, panes, narrow) {
  const layout = () => (narrow.matches ? "narrow" : "wide");
  const usual = () => (narrow.matches ? 60 : 50);

  const show = () => {
    const percent = recall(`split.${layout()}`, usual());
    panes.style.setProperty("--split", percent);
    divider.setAttribute("aria-valuenow", String(Math.round(percent)));
    divider.setAttribute("aria-orientation", narrow.matches ? "horizontal" : "vertical");
  };
  const set = (percent) => {
    remember(`split.${layout()}`, Math.min(MOST, Math.max(LEAST, percent)));
    show();
  };

  divider.addEventListener("pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId);
    divider.toggleAttribute("data-dragged", true);
  });
  divider.addEventListener("pointermove", (event) => {
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const { left, top, width, height } = panes.getBoundingClientRect();
    set(100 * (narrow.matches ? (event.clientY - top) / height : (event.clientX - left) / width));
  });
  divider.addEventListener("lostpointercapture", () => divider.toggleAttribute("data-dragged", false));
  divider.addEventListener("dblclick", () => {
    forget(`split.${layout()}`);
    show();
  });
  divider.addEventListener("keydown", (event) => {
    const now = Number(divider.getAttribute("aria-valuenow"));
    const to = { ArrowLeft: now - STEP, ArrowUp: now - STEP, ArrowRight: now + STEP, ArrowDown: now + STEP, Home: LEAST, End: MOST }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    set(to);
  });
  narrow.addEventListener("change", show);
  show();
}
