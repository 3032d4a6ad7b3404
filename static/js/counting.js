// Counts shown seconds on between two fetches: down to zero, or up.
"use strict";
(() => {
  const begun = new WeakMap();

  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    const pad = (n) => String(n).padStart(2, "0");
    const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
    return hours ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
  };

  const tick = () => {
    document.querySelectorAll("[data-counts]").forEach((element) => {
      if (!begun.has(element)) begun.set(element, performance.now());
      const passed = (performance.now() - begun.get(element)) / 1000;
      const start = Number(element.dataset.seconds);
      element.textContent = clock(element.dataset.counts === "down" ? start - passed : start + passed);
    });
  };
  tick();
  setInterval(tick, 1000);
})();
