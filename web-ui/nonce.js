// The page's Content-Security-Policy takes <style> elements only with the nonce of its reply. CodeMirror has an option for
// it; xterm.js has none, and makes its elements while a terminal is opened.

/** This page's nonce, which index.html got from the server. */
export const nonce = document.querySelector("script[nonce]").nonce;

/** Calls `act`, and gives the nonce to the <style> elements that it makes. */
export function givingNonce(act) {
  document.createElement = (...how) => {
    const element = Document.prototype.createElement.apply(document, how);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
  try {
    return act();
  } finally {
    delete document.createElement; // that of the prototype shows again
  }
}
