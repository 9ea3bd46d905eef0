// @ts-check
// Theme and type are set before the first paint, by the address, else as they were left: a classic script in the head, because a module
// would come too late.
(() => {
  const asked = new URLSearchParams(location.search);
  for (const [name, allowed] of [
    ["theme", ["light", "dark"]],
    ["type", ["big"]],
  ]) {
    let value = asked.get(String(name));
    try {
      value ??= localStorage.getItem(`unacked.${name}`);
    } catch {
      // no storage (a private window, a locked-down browser): the system decides
    }
    if (value !== null && allowed.includes(value)) document.documentElement.dataset[String(name)] = value;
  }
})();
