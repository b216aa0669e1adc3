#!/bin/bash
# run.sh BIN [RATES...]: packets per second that go through the engine, and through the kernel on the same path, in one run.
#   BIN: folder with io-traffic, io-order and lvsd-dataplane (or LVSD_DATAPLANE)   RATES: offered, packets per second
#
#   io-traffic send (CPU 0) → c0 ═ d0 → engine or kernel (CPU 1) → d1 ═ s0 → io-traffic sink
#
# The sender's frames reach d0 by NAPI, which has a thread (pinned to CPU 1): the whole receiving side, the engine and the sink run on
# one core, as dataplane-numbers part 4B has it. NAPI=softirq leaves it on the sender's core: two cores (part 4A). One line per method
# and rate: offered, got, p50, p99 in us. The figures of this machine are only good as ratios to ip_forward's.
# NAPI_PRIORITY: of that thread (SCHED_FIFO; none: as the kernel starts it). WORKER_PRIORITY: of the engine's (none: what it takes).
# KINDS, METHODS: only these of kernel native packet, and direct nat gre ...
#
# Builds: g++ -std=c++20 -O2 -I native native/bench/io_bench/traffic.cc native/port/bpf.cc -o BIN/io-traffic
#         g++ -std=c++20 -O2 -I native native/bench/io_bench/order.cc -o BIN/io-order
set -eu
bin=$1
shift
rates=${*:-20000 250000 500000 1000000 2000000 4000000}
seconds=${SECONDS_EACH:-1}
napi=${NAPI:-threaded}
napi_priority=${NAPI_PRIORITY:-40}
kinds=${KINDS:-kernel native packet}
methods=${METHODS:-direct nat}
c=lvsd-bench-c-$$ d=lvsd-bench-d-$$ s=lvsd-bench-s-$$
work=$(mktemp -d)
engine=

cleanup() {
  [ -z "$engine" ] || kill "$engine" 2>/dev/null || true
  for n in "$c" "$d" "$s"; do ip netns delete "$n" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

for n in "$c" "$d" "$s"; do ip netns add "$n"; done
ip -n "$c" link add c0 address 02:00:00:00:00:01 type veth peer name d0 netns "$d" address 02:00:00:00:00:02
ip -n "$s" link add s0 address 02:00:00:00:00:04 type veth peer name d1 netns "$d" address 02:00:00:00:00:03
ip -n "$d" address add 10.1.0.2/24 dev d0
ip -n "$d" address add 10.2.0.2/24 dev d1
ip -n "$c" address add 10.1.0.1/24 dev c0
ip -n "$s" address add 10.2.0.1/24 dev s0
for x in "$c c0" "$d d0" "$d d1" "$s s0"; do ip -n ${x% *} link set ${x#* } up; done
ip netns exec "$d" sysctl -qw net.ipv4.ip_forward=1
ip -n "$d" neighbour replace 10.2.0.1 lladdr 02:00:00:00:00:04 dev d1

# a veth receives redirected frames only by NAPI: with GRO on, or a program of its own
gro() { ip netns exec "$d" python3 -c "
import array, fcntl, socket, struct
value = array.array('B', struct.pack('II', 0x2c, $1))
fcntl.ioctl(socket.socket(), 0x8946, struct.pack('16sP', b'd0', value.buffer_info()[0]))"; }

receive_on_cpu1() {
  [ "$napi" = threaded ] || return 0
  ip netns exec "$d" sh -c 'echo 1 > /sys/class/net/d0/threaded'
  sleep 0.1
  for p in $(pgrep -f '^\[napi/d0-'); do
    taskset -pc 1 "$p" > /dev/null
    [ "$napi_priority" = none ] || chrt -f -p "$napi_priority" "$p"
  done
}

measure() { # NAME DESTINATION
  for rate in $rates; do
    ip netns exec "$s" "$bin/io-traffic" sink s0 $((seconds + 1)) > "$work/sink" &
    local sink=$!
    sleep 0.4
    ip netns exec "$c" chrt -f 40 taskset -c 0 "$bin/io-traffic" send c0 "$rate" "$seconds" 1024 02:00:00:00:00:01 02:00:00:00:00:02 10.1.0.1 "$2" 5000 > "$work/send"
    wait "$sink"
    printf '%-16s offered %8s  %s | %s\n' "$1" "$rate" "$(cat "$work/send")" "$(cat "$work/sink")"
  done
}

start_engine() { # MODE METHOD
  ip netns exec "$d" "${LVSD_DATAPLANE:-$bin/lvsd-dataplane}" --control "$work/sock" --sessions 65536 > /dev/null 2> "${ENGINE_LOG:-$work/log}" &
  engine=$!
  for _ in $(seq 100); do [ -S "$work/sock" ] && break; sleep 0.02; done
  "$bin/io-order" "$work/sock" > /dev/null <<ORDERS
port d0 $1 02:00:00:00:00:02 1500
port d1 $1 02:00:00:00:00:03 1500
address 10.1.0.2 24 0
address 10.2.0.2 24 1
neighbour 10.1.0.1 0 02:00:00:00:00:01
neighbour 10.2.0.1 1 02:00:00:00:00:04
service 10.0.0.1 udp 5000
server 10.2.0.1 5000 $2
publish
ORDERS
  receive_on_cpu1
  [ "${WORKER_PRIORITY:-none}" != none ] || return 0
  for t in /proc/$engine/task/*; do
    if [ "$(cat "$t/comm")" = lvsd-worker0 ]; then chrt -f -p "$WORKER_PRIORITY" "$(basename "$t")"; fi
  done
}
stop_engine() {
  kill "$engine"
  wait "$engine" || true
  engine=
}

measure_kernel() {
  gro 1
  receive_on_cpu1
  measure ip_forward 10.2.0.1
  ip netns exec "$d" nft -f - <<'NFT'
table ip nat {
  chain pre { type nat hook prerouting priority dstnat; ip daddr 10.0.0.1 udp dport 5000 dnat to 10.2.0.1; }
}
NFT
  measure dnat 10.0.0.1
  ip netns exec "$d" nft delete table ip nat
}

measure_engine() { # MODE
  for method in $methods; do
    start_engine "$1" "$method"
    measure "$1 $method" 10.0.0.1
    stop_engine
  done
}

measure_packet() {
  ip netns exec "$d" nft -f - <<'NFT'
table netdev lvsd {
  chain d0 { type filter hook ingress device d0 priority -500; ip daddr 10.0.0.1 udp dport 5000 drop; }
}
NFT
  gro 1
  measure_engine packet
  ip netns exec "$d" nft delete table netdev lvsd
}

for kind in $kinds; do
  case $kind in
    kernel) measure_kernel ;;
    native) measure_engine native ;;
    packet) measure_packet ;;
  esac
done
