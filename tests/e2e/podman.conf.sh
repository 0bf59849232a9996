# Sourced: podman's settings for a script in a mount namespace and a folder of its own, with everything it stores below it. Call podman
# with "${STORAGE[@]}". Its locks and the runtime's state lie in fixed places, which other containers of this machine share: these are hidden.
# What is left of the containers goes at the end: their cgroups are the kernel's, and outlive the namespaces.

mount -t tmpfs none /dev/shm
mkdir -p /run/runc
mount -t tmpfs none /run/runc
export TMPDIR=$PWD # buildah's cache, and the sandboxes' folders
trap '{ podman pod rm --all --force --time 0; podman rm --all --force --time 0; } >/dev/null 2>&1 || true' EXIT

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
