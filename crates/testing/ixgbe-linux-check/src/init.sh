#!/bin/busybox sh
# Runs in the guest, which has two emulated devices joined by a cable, one of them in a network namespace.
# Each line "CHECK name ok" or "CHECK name FAILED" is a verdict. "DONE n" says how many
# there were.
/bin/busybox mkdir -p /proc /sys /dev /run /tmp
/bin/busybox --install -s /bin
export PATH=/opt:/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mount -t tmpfs none /run
mount -t tmpfs none /tmp

# Otherwise busybox would run its own `ip`.
ip() { /opt/ip "$@"; }
far() { /opt/ip netns exec far "$@"; }

# Ends the firmware's last line, which may have no newline.
echo
verdicts=0
verdict() {
    verdicts=$((verdicts + 1))
    check=$1
    shift
    if "$@" >/tmp/out 2>&1; then
        echo "CHECK $check ok"
    else
        echo "CHECK $check FAILED"
        tail -n 15 /tmp/out
    fi
}

load() {
    for module in $(cat /modules/order); do
        # The other card comes second, where there is one.
        [ "$module" = e1000e.ko ] || insmod "/modules/$module" || return 1
    done
    for i in $(seq 50); do [ -e /sys/class/net/eth0 ] && break; sleep 0.1; done
    insmod /modules/e1000e.ko
    for i in $(seq 50); do [ -e /sys/class/net/eth1 ] && return 0; sleep 0.1; done
    return 1
}

setup() {
    ip netns list | grep -q far || ip netns add far || return 1
    ip link set eth1 netns far
    ip addr add 10.9.0.1/24 dev eth0
    ip addr add fd09::1/64 dev eth0 nodad
    ip link set eth0 up
    far ip addr add 10.9.0.2/24 dev eth1
    far ip addr add fd09::2/64 dev eth1 nodad
    far ip link set lo up
    far ip link set eth1 up
    httpd -h /tmp -p 8080
    far httpd -h /tmp -p 8080
    carrier
}

carrier() {
    for i in $(seq 100); do
        if [ "$(cat /sys/class/net/eth0/carrier)" = 1 ] &&
            [ "$(far cat /sys/class/net/eth1/carrier)" = 1 ]; then
            return 0
        fi
        sleep 0.1
    done
    return 1
}

both_ways() {
    ping -c 2 -W 3 -s "$1" 10.9.0.2 && far ping -c 2 -W 3 -s "$1" 10.9.0.1
}

# Fetches 8 MiB through TCP from the host of the address $address and compares every byte.
fetch() {
    rm -f /tmp/got
    "$@" timeout 60 wget -q -O /tmp/got "http://$address:8080/data" && cmp /tmp/data /tmp/got
}
tcp_in() { address=$1 && fetch; }
tcp_out() { address=$1 && fetch far; }

offloads() {
    for what in tx rx sg tso gso gro rxvlan txvlan; do
        ethtool -K eth0 $what "$1"
        far ethtool -K eth1 $what "$1"
    done
    for what in tcp-segmentation-offload tx-checksum-ip-generic rx-checksumming generic-receive-offload \
        rx-vlan-offload tx-vlan-offload; do
        ethtool -k eth0 | grep "^[[:space:]]*$what: $1" || return 1
        far ethtool -k eth1 | grep "^[[:space:]]*$what: $1" || return 1
    done
}

frame_size() {
    ip link set eth0 mtu "$1"
    far ip link set eth1 mtu "$1"
    sleep 0.5
    carrier
}

# Prints the value of a counter of ethtool -S.
counter() {
    ethtool -S eth0 | sed -n "s/^ *$1: //p"
}

sane_counters() {
    ethtool -S eth0
    sleep 3
    for name in rx_packets tx_packets rx_bytes tx_bytes rx_pkts_nic tx_pkts_nic; do
        [ "$(counter $name)" -gt 0 ] || { echo "$name is zero"; return 1; }
    done
    for name in rx_errors tx_errors rx_crc_errors rx_length_errors rx_csum_offload_errors \
        tx_timeout_count rx_over_errors tx_aborted_errors hw_rsc_aggregated; do
        value=$(counter $name)
        [ "${value:-0}" -eq 0 ] || { echo "$name is $value"; return 1; }
    done
}

# Compares the kernel's counters with those of the device.
counters_agree() {
    sleep 3
    before="$(counter rx_packets) $(counter rx_pkts_nic) $(counter tx_packets) $(counter tx_pkts_nic)"
    ping -c 20 -i 0.05 10.9.0.2
    sleep 3
    after="$(counter rx_packets) $(counter rx_pkts_nic) $(counter tx_packets) $(counter tx_pkts_nic)"
    set -- $before $after
    echo "$before / $after"
    [ $(($5 - $1)) -eq $(($6 - $2)) ] && [ $(($7 - $3)) -eq $(($8 - $4)) ] && [ $(($5 - $1)) -ge 20 ]
}

vlan() {
    ip link add link eth0 name v0 type vlan id 5
    ip addr add 10.9.5.1/24 dev v0
    ip link set v0 up
    far ip link add link eth1 name v1 type vlan id 5
    far ip addr add 10.9.5.2/24 dev v1
    far ip link set v1 up
    ping -c 2 -W 3 10.9.5.2 && tcp_out 10.9.5.1 &&
        ip link del v0 && far ip link del v1
}

# Many connections: both queues receive, send and interrupt.
spread() {
    head -c 65536 /tmp/data >/tmp/small
    for i in $(seq 24); do
        timeout 20 wget -q -O /tmp/got http://10.9.0.2:8080/small && cmp /tmp/small /tmp/got || return 1
    done
    grep eth0-TxRx /proc/interrupts
    for queue in 0 1; do
        for way in rx tx; do
            packets=$(counter ${way}_queue_${queue}_packets)
            [ "$packets" -gt 0 ] || { echo "$way queue $queue has moved nothing"; return 1; }
        done
        grep "eth0-TxRx-$queue\$" /proc/interrupts | grep -q ' [1-9][0-9]* ' ||
            { echo "queue $queue has not interrupted"; return 1; }
    done
}

module_told() {
    ethtool -m eth0 | grep '10G Base-SR' && ethtool eth0 | grep 'Speed: 10000Mb/s'
}

renegotiate() {
    ethtool -r eth0 && sleep 0.5 && carrier && both_ways 56
}

down_up() {
    ip link set eth0 down && sleep 0.5 && ip link set eth0 up && carrier && both_ways 56
}

reload() {
    killall httpd
    ip netns del far
    for i in $(seq 50); do [ -e /sys/class/net/eth1 ] && break; sleep 0.1; done
    rmmod ixgbe && insmod /modules/ixgbe.ko || return 1
    for i in $(seq 100); do [ -e /sys/class/net/eth1 ] && break; sleep 0.1; done
    setup && both_ways 56
}

quiet_kernel() {
    dmesg | grep -E 'ixgbe|eth[01]|WATCHDOG|BUG:|Call Trace|csum' >/tmp/log
    cat /tmp/log
    ! grep -iE 'unit hang|timeout|timed out|watchdog|adapter removed|csum failure|BUG:|call trace|not valid|fail|pre-production' /tmp/log
}

case $(cat /proc/cmdline) in
*round=short*)
    verdict "probe" load
    verdict "link" setup
    verdict "ping" both_ways 56
    head -c 8388608 /dev/urandom >/tmp/data
    verdict "TCP out" tcp_out 10.9.0.1
    verdict "TCP in" tcp_in 10.9.0.2
    verdict "quiet kernel" quiet_kernel
    echo DONE $verdicts
    poweroff -f
    ;;
*round=reset*)
    # Each boot of the reset round runs this. The first is reset from outside, the second reboots by itself.
    verdict "probe" load
    verdict "link" setup
    verdict "ping" both_ways 56
    head -c 8388608 /dev/urandom >/tmp/data
    verdict "TCP out" tcp_out 10.9.0.1
    verdict "quiet kernel" quiet_kernel
    while :; do tcp_out 10.9.0.1; done >/dev/null 2>&1 &
    sleep 1
    echo DONE $verdicts
    sleep 10
    reboot -f
    ;;
*round=killed*)
    verdict "probe" load
    verdict "link" setup
    verdict "ping" both_ways 56
    ping 10.9.0.2 >/dev/null &
    echo DONE $verdicts
    sleep 600
    ;;
esac

head -c 8388608 /dev/urandom >/tmp/data
verdict probe load
verdict link setup
verdict ping both_ways 56
for switch in on off; do
    verdict "offloads $switch" offloads $switch
    for mtu in 1500 9000; do
        verdict "frames of $mtu" frame_size $mtu
        verdict "ping, $mtu, offloads $switch" both_ways $((mtu - 28))
        verdict "TCP out, $mtu, offloads $switch" tcp_out 10.9.0.1
        verdict "TCP in, $mtu, offloads $switch" tcp_in 10.9.0.2
        verdict "TCP over IPv6, $mtu, offloads $switch" tcp_out '[fd09::1]'
    done
done
offloads on >/dev/null 2>&1
frame_size 1500 >/dev/null 2>&1
verdict "VLAN" vlan
verdict "RSS to two queues" spread
verdict "optical module" module_told
verdict "ethtool -r" renegotiate
verdict "ip link set down, up" down_up
verdict "counters agree" counters_agree
verdict "ethtool -S" sane_counters
verdict "module unload, reload" reload
verdict "TCP after reload" tcp_out 10.9.0.1
verdict "quiet kernel" quiet_kernel
ethtool -S eth0 | grep -v ': 0$'
echo DONE $verdicts
poweroff -f
