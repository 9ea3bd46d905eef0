// @ts-check
// The theme is set before the first paint: a classic script in the head, because a module would come too late.
(() => {
  try {
    const theme = localStorage.getItem("unacked.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // no storage (a private window, a locked-down browser): the system decides
  }
})();
