# From `cargo metadata` to a bill of materials in CycloneDX 1.5: the programs and the crates that are in them.
# Arguments: $programs, their names; $time, in seconds.
def reference: "pkg:cargo/\(.name)@\(.version)";

(.packages | map({(.id): .}) | add) as $packages
| (.resolve.nodes | map({(.id): [.deps[] | select(any(.dep_kinds[]; .kind == null)) | .pkg]}) | add) as $needs
| def closure: (. + map($needs[.][]) | unique) as $more | if $more == . then . else $more | closure end;
  [.packages[] | select(IN(.name; $programs[])) | .id] | sort as $roots | closure as $all
| {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      timestamp: ($time | todate),
      component: {type: "application", "bom-ref": "gauth", name: "gauth", version: $packages[$roots[0]].version}
    },
    components: [$all[] as $id | $packages[$id] | {
      type: (if $roots | index([$id]) then "application" else "library" end),
      "bom-ref": reference,
      name,
      version,
      purl: (if .source then reference else null end),
      licenses: [{expression: (.license | gsub(" */ *"; " OR "))}]
    } | del(.. | nulls)],
    dependencies: (
      [{ref: "gauth", dependsOn: [$roots[] | $packages[.] | reference]}]
      + [$all[] | {ref: ($packages[.] | reference), dependsOn: ($needs[.] | map($packages[.] | reference) | unique)}]
    )
  }
