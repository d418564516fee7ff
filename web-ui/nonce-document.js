// xterm.js makes <style> elements and sets `style` attributes of spans, both of which the page's Content-Security-Policy
// refuses as they come. It takes the document it works with as an option (`documentOverride`): the one made here makes
// elements that keep to the policy.

/** A view of `document` whose new <style> elements carry `nonce`, and whose spans set their style through the CSSOM. */
export function documentWithNonce(nonce) {
  const createElement = (...how) => {
    const element = Document.prototype.createElement.apply(document, how);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    if (element instanceof HTMLSpanElement) element.setAttribute = setAttributeByPolicy;
    return element;
  };
  return new Proxy(document, {
    get(target, name) {
      if (name === "createElement") return createElement;
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

/**
 * Calls `act` while the global document makes elements as `by` does: xterm.js 6.0 makes one of its <style> elements with
 * the global document whatever the option says (the precedence of `??` in CoreBrowserTerminal.ts).
 */
export function withElementsBy(by, act) {
  document.createElement = by.createElement;
  try {
    act();
  } finally {
    delete document.createElement; // the prototype's shows again
  }
}

function setAttributeByPolicy(name, value) {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}
