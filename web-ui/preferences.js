// What the page remembers on this device. Where storage is switched off or full, the page works and forgets.

const PREFIX = "dayfly.";

/** The remembered value, or `otherwise`. */
export function recall(name, otherwise = null, storage = () => localStorage) {
  try {
    const text = storage().getItem(PREFIX + name);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function remember(name, value, storage = () => localStorage) {
  try {
    storage().setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Nothing depends on it.
  }
}

export function forget(name) {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // Nothing depends on it.
  }
}
