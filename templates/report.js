(function () {
  "use strict";
  var taken = Number(document.body.dataset.taken);
  var age = document.getElementById("age"), stale = document.getElementById("stale");
  function words(s) {
    if (s < 90) return Math.round(s) + " s";
    if (s < 5400) return Math.round(s / 60) + " min";
    if (s < 172800) return Math.round(s / 3600) + " h";
    return Math.round(s / 86400) + " d";
  }
  function tick() {
    if (!taken) return;
    var s = Math.max(0, (Date.now() - taken) / 1000);
    age.textContent = "Measured " + words(s) + " ago";
    stale.hidden = s < 180;
    if (s >= 180) { document.querySelector("header").className = "v unknown"; document.querySelector("h1").textContent = "Unknown"; }
    if (s >= 180) stale.textContent = "This page is " + words(s) + " old. osmon or cron may have stopped: what it shows is not the present.";
  }
  var key = "osmon-scroll";
  try {
    var kept = sessionStorage.getItem(key);
    if (kept) { sessionStorage.removeItem(key); window.scrollTo(0, Number(kept)); }
  } catch (e) { /* a page from a file may have no storage */ }
  tick();
  setInterval(tick, 1000);
  setInterval(function () {
    if (document.visibilityState !== "visible") return;
    try { sessionStorage.setItem(key, String(window.scrollY)); } catch (e) { /* as above */ }
    location.reload();
  }, 60000);
})();
