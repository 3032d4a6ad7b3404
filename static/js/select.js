// Select All and Clear All of a list; without this script the boxes are ticked one by one.
"use strict";
(() => {
  const boxes = (form) => form.querySelectorAll('tbody input[type="checkbox"]');
  const mark = (box) => box.closest("tr").classList.toggle("is-selected", box.checked);

  document.querySelectorAll("[data-select]").forEach((button) => {
    const form = document.getElementById(button.dataset.selectIn);
    if (!form) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      boxes(form).forEach((box) => { box.checked = button.dataset.select === "all"; mark(box); });
    });
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches('tbody input[type="checkbox"]')) mark(event.target);
  });
})();
