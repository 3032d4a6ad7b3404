"""What each journey over the pages of users has to have pressed in the end.

``test_every_button`` goes these ways in English and Japanese; the list of all buttons
(``tests.e2e.test_every_button``) looks here for those of users.
"""

from __future__ import annotations

LIST, ASSIGN, REBALANCE = "users/user_list.html", "users/assign.html", "users/rebalance.html"
IMPORT, PREVIEW, USER = "users/import.html", "users/import_preview.html", "users/user.html"
JOB, DIRECTORY, GONE = "jobs/job.html", "users/directory.html", "users/directory_delete.html"
BACK = "Back to Find/List"
REMOVE_ANYWAY = (
    f"{DIRECTORY}: Remove {{{{ shown }}}} User Anyway{{% plural %}}"
    "Remove {{ shown }} Users Anyway"
)


def of(template: str, *words: str) -> frozenset[str]:
    return frozenset(f"{template}: {said}" for said in words)


SELECTED = (
    of(LIST, "Assign Selected Users")
    | of(ASSIGN, "Show Consequences", "Assign", "Cancel", BACK)
    | of(USER, "Assign this User", BACK)
)
ALL_BY_A_JOB = of(LIST, "Assign All Users") | of(JOB, "All Jobs")
REBALANCED = (
    of(LIST, "Rebalance Users")
    | of(REBALANCE, "Go", "Cancel", "Rebalance", BACK)
    | of(JOB, "Cancel Job")
)
IMPORTED = (
    of(LIST, "Import from CSV")
    | of(IMPORT, "Cancel", "Read the File")
    | of(PREVIEW, "Another File", "Import")
)
SYNCHRONISED = (
    of(DIRECTORY, "Test", "Save", "Reset", "Synchronise Now", "Delete")
    | of(GONE, "Cancel", "Delete")
    | {REMOVE_ANYWAY}
)

PRESSED = SELECTED | ALL_BY_A_JOB | REBALANCED | IMPORTED | SYNCHRONISED
