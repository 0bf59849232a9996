# Sourced: podman's settings for a script in a folder of its own, with everything it stores below it. Call podman with "${STORAGE[@]}".

# Of these, crun would want one version of cgroups only, and this podman's own defaults a systemd and higher limits than a machine may give.
export CONTAINERS_CONF=$PWD/containers.conf
cat >"$CONTAINERS_CONF" <<'CONF'
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "file"
CONF
# What a folder of CNI's says is not ours.
STORAGE=(--root "$PWD/store" --runroot "$PWD/run" --tmpdir "$PWD/tmp" --network-config-dir "$PWD/networks")
