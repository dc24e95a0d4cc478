"""The forms of the pages, one module per noun: what is typed, normalised and checked before a service sees it."""
