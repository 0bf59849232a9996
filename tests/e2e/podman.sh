# Sourced: containers by podman, in namespaces of the script's own, beside the sandbox. `dist` and `root` are the script's; what follows
# runs in a temporary folder, $work, and everything goes with the namespaces: processes, mounts, addresses.

if [ "${IN_NAMESPACE:-}" != 1 ]; then
    work=$(mktemp -d)
    # The sandboxes are killed with the namespace, and cannot remove their folders. A script may have started none.
    clean_up() {
        local dir
        for dir in "$work"/*/dir; do
            [ ! -e "$dir" ] || rm -rf "$(cat "$dir")"
        done
        rm -rf "$work"
    }
    trap clean_up EXIT
    IN_NAMESPACE=1 WORK=$work unshare --mount --net --pid --fork --mount-proc --kill-child -- "$0" "$dist"
    exit
fi
work=$WORK
cd "$work" # podman would take a folder with an image's name for what to build it from

# The pods' network, and the node's end of the line to it.
POD=10.213.7.2
unshare --net sleep infinity &
network=$!
until [ "$(readlink /proc/$network/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
in_pod_network() { nsenter --net=/proc/$network/ns/net "$@"; }
ip link set lo up
ip link add name node type veth peer name eth0 netns $network
ip address add 10.213.7.1/30 dev node
ip link set node up
in_pod_network ip link set lo up
in_pod_network ip address add $POD/30 dev eth0
in_pod_network ip link set eth0 up

. "$root/tests/e2e/podman.conf.sh"
# In the pods' network: `hostNetwork` and `--network host` then mean that one.
podman() { timeout 400 nsenter --net=/proc/$network/ns/net podman "${STORAGE[@]}" "$@"; }

# final_stage ARCH IMAGE: the image from what is built already.
final_stage() {
    podman build --quiet --platform "linux/$1" --build-context build="$dist" --build-arg VERSION=0.1.0 --build-arg REVISION=abc \
        --build-arg SOURCE=https://git.example/irsa-probe --tag "$2" "$root" >/dev/null
}

# until_so COMMAND…: two minutes at most.
until_so() {
    local tries=0
    until "$@" >"$work/tried" 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || { cat "$work/tried"; return 1; }
        sleep 0.2
    done
}

# world NAME SITUATION: starts the sandbox, and says what the webhook would inject.
world() {
    mkdir -p "$work/$1"
    in_pod_network env IRSA_PROBE_BINARY="$dist/out/amd64/irsa-probe" "$root/target/debug/examples/sandbox" --hold --situation "$2" >"$work/$1/world" 2>&1 &
    until_so grep -q 'until Ctrl-C' "$work/$1/world"
    local dir
    dir=$(sed -n "s/^export HOME='\(.*\)\/home'$/\1/p" "$work/$1/world")
    # In the container the token lies where the webhook has it mounted.
    sed -n "s/^export \([A-Z_]*\)='\(.*\)'$/\1=\2/p" "$work/$1/world" | grep -vE '^(HOSTNAME|PATH)=' |
        sed "s|=$dir/root/var/run/|=/var/run/|" >"$work/$1/sandbox.env"
    mkdir -p "$dir/root/var/run/secrets"
    echo "$dir" >"$work/$1/dir"
}
