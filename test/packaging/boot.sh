#!/bin/sh
# boot.sh ROOT NAME: a machine with systemd as its first process, in the network namespace that we are in. Processes, mounts, name and cgroups are
# its own; of the kernel's settings it may write only those of its network. It ends when this ends. `boot.sh --after NAME` removes its cgroups.
set -e
root=$1
name=$2

groups=$(mktemp -d)
mount -t cgroup2 cgroup2 "$groups"
if [ "$1" = --after ]; then
    find "$groups/$name" -depth -type d -exec rmdir {} +
    umount "$groups"
    rmdir "$groups"
    exit
fi
mkdir "$groups/$name"
echo $$ > "$groups/$name/cgroup.procs"
umount "$groups"
rmdir "$groups"

exec unshare --mount --pid --uts --ipc --cgroup --fork --kill-child=KILL --propagation private sh -ec '
root=$1
mount --rbind "$root" "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
for folder in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$folder"; done
chmod 1777 "$root/tmp"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/net"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
# as udev makes them
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 net/tun:10:200; do
    mknod -m 0666 "$root/dev/${device%%:*}" c $(echo "${device#*:}" | tr : " ")
done
hostname director
cd "$root"
pivot_root . .
umount -l .
exec env -i container=lvsd PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
' sh "$root"
