// Chooses light or dark before the first paint. This one script is not a module, because a module would come too late.
(() => {
  const root = document.documentElement;
  const machine = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    let chosen = null;
    try { chosen = localStorage.getItem("theme"); } catch { /* storage may be closed; the machine's choice is good enough */ }
    root.dataset.bsTheme = chosen || (machine.matches ? "dark" : "light");
  };
  apply();
  machine.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-theme-set]");
    if (!button) return;
    try { localStorage.setItem("theme", button.dataset.themeSet); } catch { /* as above */ }
    apply();
  });
})();
