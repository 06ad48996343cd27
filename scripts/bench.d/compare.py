"""compare.py BEFORE AFTER: which ratios to the floor differ between two results of scripts/bench by more than their middle
halves overlap. Exit code 1 if one became worse."""

import json
import sys


def read(file):
    with open(file) as lines:
        return {(row["title"], row["name"]): row for row in map(json.loads, lines)}


before, after = read(sys.argv[1]), read(sys.argv[2])
worse = False
for key in [key for key in after if key in before]:
    for kind in ("wall", "CPU"):
        old, new = before[key][f"{kind} ratio"], after[key][f"{kind} ratio"]
        if new[0] <= old[2] and old[0] <= new[2]:
            continue
        worse |= new[1] > old[1]
        print(f"{'worse' if new[1] > old[1] else 'better'}: {', '.join(key)}: {kind} × floor {old[1]:.2f} → {new[1]:.2f}")
for key in [key for key in before if key not in after]:
    print(f"not measured: {', '.join(key)}")
sys.exit(worse)
