// The frame: names the event stream, shows whether it is open, closes menus.
"use strict";
(() => {
  const body = document.body;
  const topics = (body.dataset.liveTopics || "").split(",").map((topic) => topic.trim()).filter(Boolean);
  const indicator = document.getElementById("live-indicator");

  // A page without topics opens no stream: a browser has only six connections to a host.
  if (topics.length && body.dataset.liveUrl) {
    topics.push("engine"); // the strip below the menu
    body.setAttribute("hx-ext", "sse");
    body.setAttribute("sse-connect", `${body.dataset.liveUrl}?topics=${encodeURIComponent([...new Set(topics)].join(","))}`);
    const show = (isOpen) => {
      indicator.hidden = false;
      indicator.classList.toggle("live--off", !isOpen);
    };
    body.addEventListener("htmx:sseOpen", () => show(true));
    body.addEventListener("htmx:sseError", () => show(false));
  }

  // Menus are <details>: they work without this; with it they close on Escape, outside and on leaving.
  const openMenus = () => document.querySelectorAll("details.menu[open]");
  const closeMenus = (except) => openMenus().forEach((menu) => { if (menu !== except) menu.open = false; });
  document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("focusin", (event) => closeMenus(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    openMenus().forEach((menu) => {
      const hadFocus = menu.contains(document.activeElement);
      menu.open = false;
      if (hadFocus) menu.querySelector("summary").focus();
    });
  });

  // A table that is wider than the screen is moved by keys too, also where nothing in it takes the focus.
  const focusable = "a[href], summary, :is(button, input:not([type=hidden]), select, textarea):enabled";
  const reachTables = () => document.querySelectorAll(".table-wrap").forEach((wrap) => {
    const isCut = wrap.scrollWidth > wrap.clientWidth;
    if (!isCut || wrap.querySelector(focusable)) {
      wrap.removeAttribute("tabindex");
      return;
    }
    const title = wrap.closest("[aria-labelledby]")?.getAttribute("aria-labelledby");
    wrap.tabIndex = 0;
    wrap.setAttribute("role", "group");
    if (title) wrap.setAttribute("aria-labelledby", title);
  });
  reachTables();
  addEventListener("resize", reachTables);
  body.addEventListener("htmx:afterSettle", reachTables);

  // What a validating view answers says whether fields are right: assistive technology is told too.
  // All fields of the form are looked at, because an answer may also be about neighbours.
  const markField = (control) => {
    const input = document.getElementById(control.dataset.validates);
    const errors = control.querySelector(".field__errors");
    if (!input || !errors) return;
    if (!errors.childElementCount) {
      input.removeAttribute("aria-invalid");
      return;
    }
    input.setAttribute("aria-invalid", "true");
    const described = new Set((input.getAttribute("aria-describedby") || "").split(" ").filter(Boolean));
    input.setAttribute("aria-describedby", [...described.add(errors.id)].join(" "));
  };
  body.addEventListener("htmx:afterSwap", (event) => {
    const form = event.target.closest("[data-validates]")?.closest("form");
    form?.querySelectorAll("[data-validates]").forEach(markField);
  });

  // Times are shown and read in the browser's zone; the server learns it by a cookie.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `prg_time_zone=${zone}; path=/; max-age=31536000; samesite=lax`;

  // Of a time one asks "at or after" and "at or before", of a text the other questions.
  const ofTimes = ["from", "to"];
  const fitOperators = (field) => {
    const operators = field.closest(".find").querySelector("select[name=operator]");
    const isTime = field.dataset.times.split(" ").includes(field.value);
    const fits = (option) => option.value.endsWith("empty") || ofTimes.includes(option.value) === isTime;
    [...operators.options].forEach((option) => { option.hidden = option.disabled = !fits(option); });
    if (operators.selectedOptions[0]?.disabled) operators.value = isTime ? "from" : operators.options[0].value;
  };
  document.querySelectorAll("select[name=field][data-times]:not([data-times=''])").forEach((field) => {
    const operators = field.closest(".find").querySelector("select[name=operator]");
    fitOperators(field);
    field.addEventListener("change", () => {
      if (field.dataset.times.split(" ").includes(field.value) && !ofTimes.includes(operators.value)) operators.value = "from";
      fitOperators(field);
    });
  });
})();
