// Light or dark: the system's choice until somebody makes another. first-paint.js reads what is stored here.

const STORED = "dayfly.theme";
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

export function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : systemIsDark.matches;
}

/** Makes `button` the switch; `changed` is called after each change, the system's included. */
export function attachTheme(button, changed) {
  const show = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    changed();
  };
  button.addEventListener("click", () => {
    choose(isDark() ? "light" : "dark");
    show();
  });
  systemIsDark.addEventListener("change", show);
  button.setAttribute("aria-pressed", String(isDark()));
}

/** To choose what the system has is to follow the system again. */
function choose(theme) {
  const isSystems = (theme === "dark") === systemIsDark.matches;
  if (isSystems) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (isSystems) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, theme);
  } catch {
    // It holds until the page is left.
  }
}

/** The colours that the style sheet's `names` stand for at the moment, as "rgb(...)". */
export function colours(...names) {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return found;
}
