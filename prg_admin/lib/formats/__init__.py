"""How moments are shown, by language: to the second, to the minute, and to the millisecond.

Named in ``settings.FORMAT_MODULE_PATH``; templates say ``|date:"DATETIME_FORMAT"``. What is shown
so can be written into a field as well (``lib.finding.moments``). Files and scripts get ISO 8601.
"""
