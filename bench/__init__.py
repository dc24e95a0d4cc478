"""How quick the console is: each line of docs/performance.md measured side by side with its limit; only ratios within one run count."""
