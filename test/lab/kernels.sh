# The lab's kernels, for ./lab: `setup_K` makes kernel K ready (once), `start_K` runs a guest of it.
# Uses lab's variables here, cache, run, memory, limit, cpu and writable; setup_host sets modprobe.
# shellcheck shell=bash disable=SC2154,SC2034

# --- Debian packages

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o APT::Sandbox::User=root "$@" >/dev/null
}

# Install what is missing of PACKAGE...
need() {
  local package missing=()
  for package; do dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed' || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || fail "packages are missing; as root: apt-get install ${missing[*]}"
  say "installing ${missing[*]}"
  apt_get install -y --no-install-recommends "${missing[@]}" 2>/dev/null ||
    { apt_get update && apt_get install -y --no-install-recommends "${missing[@]}"; } || fail "apt-get could not install ${missing[*]}"
}

# Where this machine gets Debian from, whichever of apt's formats says so.
debian_archive() {
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' | sed -n 's/^Debian //p;T;q'
}

# Make `suite_options` such that apt works on SUITE, with lists of its own: the system's apt state stays as it is.
use_suite() {
  local apt=$cache/apt-$1 archive
  archive=$(debian_archive)
  [ -n "$archive" ] || { apt_get update && archive=$(debian_archive); }
  [ -n "$archive" ] || fail "apt has no Debian archive among its sources"
  mkdir -p "$apt"/{lists,archives}/partial
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $1 main" >"$apt/sources.list"
  suite_options=(-o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt")
  apt_get "${suite_options[@]}" -o Acquire::Languages=none update || fail "cannot read the package lists of $archive $1"
}

# Unpack PACKAGE... of that suite into FOLDER.
unpack() { # FOLDER PACKAGE...
  local folder=$1 deb
  mkdir -p "$folder/debs"
  (cd "$folder/debs" && apt_get "${suite_options[@]}" download "${@:2}") || fail "cannot download ${*:2}"
  for deb in "$folder"/debs/*.deb; do dpkg -x "$deb" "$folder"; done
  rm -r "$folder/debs"
}

# `make_K` fills a new folder, which then becomes $cache/K as a whole. Of two labs starting on a fresh machine one makes it.
make_once() { # K PACKAGE...
  [ ! -d "$cache/$1" ] || return 0
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  if [ ! -d "$cache/$1" ]; then
    say "setting up kernel $1 in $cache/$1 (once)"
    need "${@:2}"
    rm -rf "$cache/$1.new"
    "make_$1" "$cache/$1.new"
    mv "$cache/$1.new" "$cache/$1"
  fi
  exec 9>&-
}

# --- User-Mode Linux

setup_uml() {
  need kmod iproute2
  make_once uml patchelf
}

make_uml() {
  local loader
  use_suite sid
  unpack "$1/x" user-mode-linux libc6
  mkdir "$1/lib"
  mv "$1/x/usr/lib/uml/modules" "$1/lib/modules"
  mv "$1/x/usr/bin/linux.uml" "$1/linux"
  # The binary wants a newer C library than Debian 12's: it gets the one it was built with.
  loader=$(find "$1/x/usr/lib" -path '*x86_64-linux-gnu/ld-linux-x86-64.so.2')
  loader=${loader/"$1"/$cache/uml}
  patchelf --set-interpreter "$loader" --set-rpath "$(dirname "$loader")" "$1/linux"
}

# The CPU number `cpu` (any number) of those that we may run on.
pin_to() {
  local allowed
  mapfile -t allowed < <(taskset -cp $$ | sed 's/.*: //' | tr , '\n' | awk -F- '{ for (i = $1; i <= $NF; i++) print i }')
  echo "${allowed[$(($1 % ${#allowed[@]}))]}"
}

# UML keeps the guest's memory in a file: in memory if there is room, else in the run folder.
memory_folder() {
  local free
  free=$(df -k --output=avail /dev/shm 2>/dev/null | tail -n 1)
  if [ "${free:-0}" -gt $((memory * 1024)) ] && ! findmnt -n -o OPTIONS /dev/shm | grep -q noexec; then echo /dev/shm; else echo "$run"; fi
}

# Our mounts become read-only for what we start, but for the writable folders: not even a guest that mounts the host's root
# again can write there. Needs the right to mount; in a container without it the overlay alone has to do.
seal() { # COMMAND...
  if ! unshare --mount true 2>/dev/null; then exec "$@"; fi
  exec unshare --mount bash -c '
    for folder in $WRITABLE; do mount --bind "$folder" "$folder"; done
    findmnt -rno TARGET | grep -vE "^/(proc|sys|dev)(/|$)" | grep -vxF "$WRITABLE" |
      while read -r target; do mount -o remount,bind,ro "$target" 2>/dev/null; done
    exec "$@"' seal "$@"
}

start_uml() {
  WRITABLE=$(printf '%s\n' "${writable[@]}") TMPDIR=$(memory_folder) seal timeout -k 5 "$limit" taskset -c "$(pin_to "${cpu:-$$}")" "$cache/uml/linux" \
    seccomp=auto "mem=${memory}M" "uml_dir=$run" rootfstype=hostfs root=/dev/root hostfs=/ ro "init=$here/guest.sh" \
    "LAB_RUN=$run" LAB_KERNEL=uml "LAB_MODULES=$cache/uml" con=null con0=null,fd:2 ssl=null quiet
}

# --- QEMU

setup_qemu() {
  need kmod iproute2 qemu-system-x86 cpio
  make_once qemu busybox-static
}

make_qemu() {
  local version
  use_suite bookworm
  version=$(apt-cache "${suite_options[@]}" depends linux-image-amd64 | sed -n 's/.*Depends: linux-image-//p;T;q')
  unpack "$1" "linux-image-$version"
  depmod -b "$1" "$version"
  mv "$1/boot/vmlinuz-$version" "$1/vmlinuz"
  make_initrd "$1" "$version"
}

# What the initrd needs of Debian: busybox and the modules for 9p and overlay.
make_initrd() { # FOLDER VERSION
  local initrd=$1/initrd file
  mkdir -p "$initrd"/{bin,proc,dev,modules,lower,memory,root}
  cp "$(command -v busybox)" "$initrd/bin/busybox"
  # What these modules need, in the order of loading, as modprobe works it out.
  for file in virtio_pci 9pnet_virtio 9p overlay; do modprobe -d "$1" -S "$2" --show-depends "$file"; done |
    awk '/^insmod/ && !seen[$2]++ { print $2 }' |
    while read -r file; do
      cp "$file" "$initrd/modules/"
      basename "$file" >>"$initrd/modules/order"
    done
  (cd "$initrd" && find . | cpio -o -H newc --quiet | gzip >../initrd.gz)
}

start_qemu() {
  # An initrd may have several parts: this checkout's init comes last.
  cp "$here/initrd-init.sh" "$run/init"
  { cat "$cache/qemu/initrd.gz" && (cd "$run" && echo init | cpio -o -H newc --quiet | gzip); } >"$run/initrd.gz"
  local folder index=0 shares=()
  for folder in "${writable[@]}"; do
    shares+=(-fsdev "local,id=writable$index,path=$folder,security_model=none,multidevs=remap" -device "virtio-9p-pci,fsdev=writable$index,mount_tag=writable$index")
    index=$((index + 1))
  done
  exec timeout -k 5 "$limit" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -m "$memory" -smp 2 -display none -serial stdio -no-reboot -nic none \
    -kernel "$cache/qemu/vmlinuz" -initrd "$run/initrd.gz" \
    -fsdev local,id=root,path=/,security_model=none,multidevs=remap,readonly=on -device virtio-9p-pci,fsdev=root,mount_tag=root "${shares[@]}" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off LAB_INIT=$here/guest.sh LAB_RUN=$run LAB_KERNEL=qemu LAB_MODULES=$cache/qemu"
}

# --- the host's own kernel

setup_host() {
  modprobe=modprobe
  [ "$(id -u)" = 0 ] || fail "the host's kernel can be used by root only"
  [ -e /proc/net/ip_vs ] || modprobe ip_vs 2>/dev/null || fail "the host's kernel has no IPVS; try -k uml"
  need kmod iproute2
}

start_host() {
  LAB_RUN=$run LAB_KERNEL=host exec timeout -k 5 "$limit" \
    unshare --fork --kill-child --pid --mount --net --uts --ipc "$here/guest.sh"
}
