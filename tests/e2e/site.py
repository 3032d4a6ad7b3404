"""The site as a person in front of a browser uses it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from prg_admin.domain import catalogue
from tests.scenarios.installation import PASSWORD, Installation

GROUPS = "/system/presence-redundancy-groups/"
RECORD = """
() => {
  const text = (cell) => cell.innerText.trim();
  const look = () => {
    const rows = [...document.querySelectorAll("#ha tbody tr[data-node]")];
    const sum = document.querySelector("#ha tfoot td:nth-of-type(2)");
    if (!sum) return;
    const shown = JSON.stringify({
      states: rows.map((row) => row.querySelector("[data-state]").dataset.state),
      assigned: rows.map((row) => text(row.cells[1])),
      active: rows.map((row) => text(row.cells[2])),
      reasons: rows.map((row) => text(row.cells[4])),
      sum: text(sum),
    });
    if (window.shown.at(-1) !== shown) window.shown.push(shown);
  };
  window.shown = [];
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
  look();
}
"""


@dataclass(frozen=True)
class Shown:
    """What the High Availability table showed at one moment, first node first."""

    states: tuple[str, str]
    assigned: tuple[str, str]
    active: tuple[str, str]
    reasons: tuple[str, str]
    sum: str
    """Of the active users."""


ABORTED = ("htmx:sendAbort", "htmx:afterRequest")
"""Written to the console when a page is left while it still fetches something."""


class Site:
    def __init__(self, page: Page, installation: Installation) -> None:
        self.page = page
        self._installation = installation
        self._tolerated = list(ABORTED)

    def tolerate(self, words: str) -> None:
        """Console errors with these words belong to what the test does."""
        self._tolerated.append(words)

    def is_tolerated(self, console_error: str) -> bool:
        return any(words in console_error for words in self._tolerated)

    def open(self, path: str) -> None:
        self.page.goto(self._installation.url + path)

    def sign_in(self, user: str = "admin") -> None:
        self.open("/")
        self.page.locator("#id_username").fill(user)
        self.page.locator("#id_password").fill(PASSWORD)
        self.page.locator("#login-form button").click()

    def open_group(self, name: str) -> None:
        self.open(f"{GROUPS}{self._installation.group_id(name)}/")

    def open_parameters(self, node: str) -> None:
        server, service = self._installation.node_id(node), catalogue.SRM.replace(" ", "+")
        self.open(f"/system/service-parameters/?server={server}&service={service}")

    # Forms

    def field(self, name: str) -> Locator:
        return self.page.locator(f"#id_{name}")

    def type(self, name: str, text: str) -> None:
        """Key by key where that is bearable, so that the field is judged as one types."""
        self.field(name).fill(text[:-1])
        self.field(name).press("End")
        self.field(name).press_sequentially(text[-1:])

    def errors_at(self, name: str) -> Locator:
        """The sentences at the field of a form that has this name."""
        return self.page.locator(f"#id_{name}_error .field__error")

    def press(self, words: str) -> None:
        self.page.get_by_role("button", name=words, exact=True).first.click()

    def save(self) -> None:
        self.press("Save")

    def save_in_vain(self, *, status: int = 422) -> None:
        """Save what will be refused; the browser notes the answer's status as an error."""
        self.tolerate(f"status of {status}")
        self.save()

    def says(self, words: str) -> None:
        """The Status box says this."""
        expect(self.page.locator("#status")).to_contain_text(words)

    # The page of a group

    def row(self, node: str) -> Locator:
        """The node's row in the High Availability table."""
        return self.page.locator(f"#ha tr[data-node={node}]")

    def shows(self, **states: str) -> None:
        """Wait until the nodes are shown in these states (by their values)."""
        for node, state in states.items():
            badge = self.row(node).locator("[data-state]")
            expect(badge).to_have_attribute("data-state", state)

    def ask_for(self, action: str, node: str) -> None:
        """Press Failover or Fallback in the node's row, and confirm."""
        self.row(node).get_by_role("link", name=action).click()
        expect(self.page.get_by_role("heading", name="Confirm")).to_be_visible()
        self.press(action)

    def service(self, node: str, service: str) -> Locator:
        return self.page.locator(f"[data-services-of={node}] tr[data-service='{service}']")

    def record(self) -> None:
        """From now on note everything the High Availability table shows."""
        self.page.evaluate(RECORD)

    def recorded(self) -> list[Shown]:
        """What was noted since; fails when the page was loaded anew."""
        noted = self.page.evaluate("window.shown")
        assert noted, "the page was loaded anew"
        documents = map(json.loads, noted)
        return [
            Shown(**{k: v if isinstance(v, str) else tuple(v) for k, v in document.items()})
            for document in documents
        ]
