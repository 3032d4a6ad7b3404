// Tells in time that the session ends, keeps it while somebody types, and loses nothing when it has ended.
"use strict";
(() => {
  const place = document.getElementById("session");
  if (!place) return;
  const warning = document.getElementById("session-warning");
  const ended = document.getElementById("session-ended");
  const limit = Number(place.dataset.limit);
  const warnAt = Math.min(120, limit / 2);
  const askAgain = Math.min(60, limit / 10);
  let end = Date.now() + Number(place.dataset.left) * 1000;
  let isActive = false;
  let isAsking = false;
  let wasEnded = false;
  let asked = 0;
  let stayed = 0;

  const left = () => Math.max(0, (end - Date.now()) / 1000);
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const toggle = (dialog, isWanted) => {
    if (isWanted && !dialog.open) dialog.showModal();
    if (!isWanted && dialog.open) dialog.close();
  };

  // Signing in again in another window makes the token of this page worthless.
  const renewToken = (token) => {
    document.querySelectorAll('input[name="csrfmiddlewaretoken"]').forEach((input) => { input.value = token; });
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
  };
  const token = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];

  const sayItIsBack = () => {
    const box = document.getElementById("status");
    if (!box) return;
    const line = document.createElement("p");
    line.className = "status status--success";
    line.textContent = place.dataset.back;
    box.replaceChildren(line);
  };

  const take = (state) => {
    end = Date.now() + state.left * 1000;
    renewToken(state.token);
    if (state.left > 0 && wasEnded) sayItIsBack();
    wasEnded = state.left <= 0;
  };

  const ask = async (url, method) => {
    if (isAsking) return;
    isAsking = true;
    asked = Date.now();
    try {
      const headers = { Accept: "application/json", "X-CSRFToken": token() };
      const answer = await fetch(url, { method, headers, credentials: "same-origin" });
      if (answer.ok) take(await answer.json());
      else if (answer.status === 401) take({ left: 0, token: token() });
    } catch {
      // The server cannot be reached just now: what is known still holds, and it is asked again.
    } finally {
      isAsking = false;
      show();
    }
  };
  const look = () => ask(place.dataset.stateUrl, "GET");
  const stay = () => {
    stayed = Date.now();
    return ask(place.dataset.stayUrl, "POST");
  };
  const since = (moment) => (Date.now() - moment) / 1000;

  let isDismissed = false;
  const show = () => {
    const isOver = left() <= 0 && wasEnded;
    if (!isOver) isDismissed = false;
    toggle(ended, isOver && !isDismissed);
    toggle(warning, !isOver && left() <= warnAt);
    warning.querySelector("[data-session-left]").textContent = clock(left());
  };

  const tick = () => {
    if (isActive && !wasEnded && left() < limit - askAgain && since(stayed) >= askAgain) {
      isActive = false;
      stay();
    } else if (wasEnded ? since(asked) >= 5 : left() <= warnAt && since(asked) >= Math.min(15, askAgain)) {
      // Somebody may have stayed, or signed in again, in another window.
      look();
    } else if (left() <= 0 && !wasEnded) {
      look();
    }
    show();
  };

  ["keydown", "pointerdown", "input"].forEach((name) => {
    document.addEventListener(name, () => { isActive = !warning.open; }, { passive: true, capture: true });
  });
  warning.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    stay();
  });
  // Escape would hide the warning and answer nothing.
  warning.addEventListener("cancel", (event) => event.preventDefault());
  ended.addEventListener("close", () => { isDismissed = wasEnded; });
  ended.querySelector("[data-session-close]").addEventListener("click", () => ended.close());
  // A live part that was refused: the session ended earlier than this page knew.
  document.body.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status === 401) look();
  });
  // A refusal for want of a role says so in the Status box.
  document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr.status === 403 && detail.xhr.getResponseHeader("HX-Retarget")) detail.shouldSwap = true;
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  window.addEventListener("focus", () => { if (wasEnded) look(); });
  setInterval(tick, 1000);
  show();
})();
