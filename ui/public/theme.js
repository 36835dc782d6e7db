// Runs before the first paint, so that a chosen theme never flashes. ?theme=dark forces one for this page only.
(() => {
  const forced = new URLSearchParams(location.search).get("theme");
  const chosen = forced ?? localStorage.getItem("lapwing.theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
})();
