#!/bin/busybox sh
# /init of the QEMU guest's initrd: the host's root, read-only, under an overlay in memory; then guest.sh.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
while read -r module; do $b insmod "/modules/$module"; done </modules/order
$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose root /lower &&
  $b mount -t tmpfs memory /memory && $b mkdir /memory/upper /memory/work &&
  $b mount -t overlay -o lowerdir=/lower,upperdir=/memory/upper,workdir=/memory/work overlay /root &&
  $b mount -t tmpfs run /root/run &&
  exec $b switch_root /root /bin/bash "$LAB_INIT" on-overlay
echo 'lab: no root file system'
$b poweroff -f
