// The Share button: copies a link, or shows it where copying is not allowed.

import { linkTo } from "./share-link.js";

const SHOWN = 2_000;

/** @param program what to share: `{ language, code }` */
export function attachShare(program, status) {
  const button = document.getElementById("share");
  const label = button.querySelector(".label");
  const popover = document.getElementById("link-popover");
  const field = document.getElementById("link");
  let timer = null;

  button.addEventListener("click", async () => {
    const { language, code } = program();
    const link = await linkTo(location.href, language, code);
    try {
      await navigator.clipboard.writeText(link);
    } catch {
      field.value = link;
      popover.showPopover();
      field.select();
      return;
    }
    label.textContent = "Copied";
    button.setAttribute("data-done", "");
    status.announce("Link copied");
    clearTimeout(timer);
    timer = setTimeout(() => {
      label.textContent = "Share";
      button.removeAttribute("data-done");
    }, SHOWN);
  });
}
