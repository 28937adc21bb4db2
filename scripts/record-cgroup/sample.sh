#!/bin/sh
# sample.sh NAME PID: prints the files of a process's cgroups and what Docker's formulas need beside them, each below a
# line `==> NAME/FILE <==` (as tail -v does). Works on cgroup v1 and v2, also with busybox.
name=$1 pid=$2
show() { # show LABEL FILE
  text=$(cat "$2" 2>/dev/null) || return 0
  printf '==> %s/%s <==\n%s\n' "$name" "$1" "$text"
}
printf '==> %s/proc/stat <==\n' "$name"
grep '^cpu' /proc/stat
while IFS=: read -r number controllers path; do
  if [ "$number" = 0 ] && [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    folder=/sys/fs/cgroup$path prefix=
  else
    controller=${controllers%%,*}
    case $controller in memory | cpu | cpuacct | pids | blkio | freezer) ;; *) continue ;; esac
    folder=/sys/fs/cgroup/$controller$path prefix=$controller/
  fi
  for file in "$folder"/*; do
    base=${file##*/}
    # long, and nobody's business here
    case $base in *numa_stat | *slabinfo | *.pressure | cgroup.clone_children | notify_on_release) continue ;; esac
    [ -f "$file" ] && show "$prefix$base" "$file"
  done
done < "/proc/$pid/cgroup"
show proc/net/dev "/proc/$pid/net/dev"
show proc/meminfo /proc/meminfo | head -n 2
