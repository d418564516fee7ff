# Takes the .NET runtime out of the .deps.json of a program that brings its own,
# and makes of it the .deps.json that the runtime has where it is installed for all programs.

# Parts for debuggers and profilers, and the library that starts programs, which lies elsewhere.
def unneeded: [
  "createdump", "libclrgc.so", "libclrgcexp.so", "libcoreclrtraceptprovider.so",
  "libhostfxr.so", "libmscordaccore.so", "libmscordbi.so"
];

.runtimeTarget.name as $target
| .targets[$target]
| to_entries[]
| select(.key | startswith("runtimepack.Microsoft.NETCore.App.Runtime."))
| (.key | ltrimstr("runtimepack.")) as $library
| {
    runtimeTarget: { name: $target, signature: "" },
    targets: {
      ($target | split("/")[0]): {},
      ($target): {
        ($library): (.value | { runtime, native } | map_values(del(.[unneeded[]]) | map_values({})))
      }
    },
    libraries: { ($library): { type: "package", serviceable: true, sha512: "" } }
  }
