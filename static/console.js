// What pages do beyond plain forms and links: HTMX's local copy when the CDN fails, copy buttons, menus that close.
(function () {
  "use strict";
  var fallback = document.currentScript.dataset.fallback;
  var asked = false;

  // HTMX starts itself only when it is there before the page is; later it is started here. Starting twice does nothing.
  function start() {
    if (!window.htmx || !document.body) return;
    Object.assign(window.htmx.config, JSON.parse(document.querySelector("meta[name=htmx-config]").content));
    window.htmx.process(document.body);
  }

  function loadFallback() {
    if (window.htmx || asked) return;
    asked = true;
    var script = document.createElement("script");
    script.src = fallback;
    script.onload = start;
    document.head.append(script);
  }

  function ofCdn(event) { return event.target && event.target.id === "htmx-cdn"; }
  document.addEventListener("error", function (event) { if (ofCdn(event)) loadFallback(); }, true);
  document.addEventListener("load", function (event) { if (ofCdn(event)) start(); }, true);
  document.addEventListener("DOMContentLoaded", start);
  setTimeout(loadFallback, 3000);

  // <button hidden data-copy="text" data-copied="Copied">: shown where a script can copy, says so for a moment.
  function showCopyButtons() {
    if (navigator.clipboard) document.querySelectorAll("[data-copy][hidden]").forEach(function (button) { button.hidden = false; });
  }
  document.addEventListener("DOMContentLoaded", showCopyButtons);
  document.addEventListener("htmx:load", showCopyButtons);
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (!button || !navigator.clipboard) return;
    navigator.clipboard.writeText(button.dataset.copy).then(function () {
      if (button.dataset.said) return;
      var inside = Array.from(button.childNodes);
      button.dataset.said = "1";
      button.replaceChildren(button.dataset.copied || "✓");
      setTimeout(function () { button.replaceChildren.apply(button, inside); delete button.dataset.said; }, 1500);
    });
  });

  // A click elsewhere or Escape closes an open menu.
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") return;
    document.querySelectorAll("details.menu[open]").forEach(function (menu) { menu.open = false; menu.querySelector("summary").focus(); });
  });

  // A form that is being sent is not sent again by a second click.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.target === "_blank" || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(function () { delete form.dataset.sent; }, 4000);
  });
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-sent]").forEach(function (form) { delete form.dataset.sent; });
  });
})();
