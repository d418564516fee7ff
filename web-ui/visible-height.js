// Where the on-screen keyboard covers the page instead of making it smaller (iOS), the page makes itself smaller.

export function attachVisibleHeight() {
  const { visualViewport } = window;
  if (!visualViewport || !matchMedia("(pointer: coarse)").matches) return;
  const fit = () => {
    if (visualViewport.scale !== 1) return; // zoomed by hand
    document.documentElement.style.setProperty("--viewport-height", `${visualViewport.height}px`);
    scrollTo(0, 0);
  };
  visualViewport.addEventListener("resize", fit);
}
