#!/bin/bash
# The first process of a guest. Its environment says: LAB_RUN the run folder, LAB_KERNEL, LAB_MODULES the folder
# with lib/modules of this kernel. The root is the host's, read-only, under an overlay whose upper part is memory.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# UML starts right on the host's file system, read-only, and the host's own kernel goes on with it, in new namespaces:
# these two lay the overlay here; QEMU's initrd has done so.
lay_overlay() {
  mount -t proc proc /proc
  mount -t tmpfs tmpfs /run
  [ "$LAB_KERNEL" = host ] || modprobe -d "$LAB_MODULES" overlay
  mkdir /run/root
  overlay / 0
  [ "$LAB_KERNEL" != host ] || overlay_mounts
  mount -t tmpfs tmpfs /run/root/run
  mkdir /run/root/run/host
  cd /run/root && pivot_root . run/host && exec chroot . /bin/bash "$0" on-overlay
}

overlay() { # FOLDER NUMBER
  mkdir -p "/run/upper/$2" "/run/work/$2"
  mount -t overlay -o "lowerdir=$1,upperdir=/run/upper/$2,workdir=/run/work/$2" overlay "/run/root$1"
}

# An overlay shows one file system: the others that are mounted get their own, single files a read-only view.
overlay_mounts() {
  local target number=0
  while read -r target; do
    number=$((number + 1))
    if [ -d "$target" ]; then overlay "$target" $number; else mount -o bind,ro "$target" "/run/root$target"; fi
  done < <(findmnt -rno TARGET | grep -vE '^/(proc|sys|dev|run)?(/|$)' | sort)
}

# /run is there already, for the way back to the host's files.
mount_system() {
  mount -t proc proc /proc
  mount -t sysfs sys /sys
  mount -t devtmpfs dev /dev 2>/dev/null
  mkdir -p /dev/shm /dev/pts
  mount -t tmpfs tmpfs /dev/shm
  mount -t devpts devpts /dev/pts
  mount -t bpf bpf /sys/fs/bpf 2>/dev/null
}

# The folders of the host that the guest may write, at their own paths.
share() { # FOLDER...
  local folder index=0
  for folder; do
    mkdir -p "$folder"
    case $LAB_KERNEL in
      uml) mount -t hostfs -o "$folder" none "$folder" ;;
      qemu) mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 "writable$index" "$folder" ;;
      host) mount --bind "/run/host$folder" "$folder" ;;
    esac
    index=$((index + 1))
  done
}

# Some tests run programs as another user: the way to the checkout must be open to all, also where it leads through /root.
open_way() { # FOLDER
  local folder=$1
  while [ "$folder" != / ]; do
    chmod a+x "$folder" 2>/dev/null
    folder=$(dirname "$folder")
  done
}

# The kernel finds the lab's modules by itself (request_module), as on a real director.
load_modules() {
  if [ "$LAB_KERNEL" = host ]; then
    modprobe -a ip_vs veth bridge tun 2>/dev/null
    return
  fi
  printf '#!/bin/sh\nexec /sbin/modprobe -d %q "$@"\n' "$LAB_MODULES" >/run/modprobe
  chmod +x /run/modprobe
  echo /run/modprobe >/proc/sys/kernel/modprobe
  /run/modprobe -a ip_vs veth bridge tun 2>/dev/null
}

# Without the overlay nothing goes on: the command would write to the host.
[ "${1-}" = on-overlay ] || lay_overlay || exit 1
mapfile -t writable <"$LAB_RUN/writable"
mount_system
share "${writable[@]}"
umount -l /run/host 2>/dev/null
load_modules
ip link set lo up
hostname lab
open_way "$(sed -n 's/^cd //p' "$LAB_RUN/command" | tail -n 1)"
bash "$LAB_RUN/command" </dev/null >"$LAB_RUN/stdout" 2>"$LAB_RUN/stderr"
echo $? >"$LAB_RUN/status"
[ "$LAB_KERNEL" != host ] || exit 0
sync
echo o >/proc/sysrq-trigger
sleep 10
