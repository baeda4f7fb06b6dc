// The citizen's pages as an app on the phone: large letters where wanted, and own bookings that open without a network.
// Everything works without this file.
const large = () => document.cookie.split("; ").includes("yba_large=1");
const show = () => document.documentElement.classList.toggle("cz-large", large());
show();
addEventListener("DOMContentLoaded", () => {
  const button = document.querySelector("[data-large]");
  if (!button) return;
  button.hidden = false;
  button.setAttribute("aria-pressed", large());
  button.addEventListener("click", () => {
    document.cookie = `yba_large=${large() ? 0 : 1}; Path=/; Max-Age=31536000; SameSite=Lax`;
    button.setAttribute("aria-pressed", large());
    show();
  });
});
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/booking-sw.js").catch(() => {});
