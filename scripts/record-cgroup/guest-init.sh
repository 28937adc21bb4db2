#!/bin/sh
# First process of the guest: a cgroup with limits, a load that meets each of them, and samples on the serial line.
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in /modules/*.ko; do insmod "$module"; done
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo '+cpu +cpuset +io +memory +pids' > /sys/fs/cgroup/cgroup.subtree_control
until [ -b /dev/vda ]; do sleep 1; done
mkdir -p /disk
mke2fs -F /dev/vda > /dev/null 2>&1
mount -t ext4 /dev/vda /disk
group=/sys/fs/cgroup/recorded
mkdir "$group"
echo 67108864 > "$group/memory.max"
echo '50000 100000' > "$group/cpu.max"
echo 40 > "$group/pids.max"

sh -c '
  echo $$ > /sys/fs/cgroup/recorded/cgroup.procs
  # more than may be had: the kernel kills it
  tail -c 200000000 /dev/zero > /dev/null
  dd if=/dev/zero of=/disk/written bs=64k count=128 conv=fsync
  dd if=/dev/vda of=/dev/null bs=64k count=256
  sleep 1000 &
  : > /ready
  while :; do :; done
' > /dev/null 2>&1 &
load=$!
until [ -e /ready ]; do sleep 1; done
sleep 3
echo "RECORDING linux $(uname -r)"
/sample.sh first "$load"
sleep 2
/sample.sh second "$load"
echo 1 > "$group/cgroup.freeze"
until grep -q 'frozen 1' "$group/cgroup.events"; do sleep 1; done
/sample.sh frozen "$load"
sleep 2
/sample.sh still-frozen "$load"
echo RECORDED
sync
poweroff -f
