"""Run inside a container: tries what a container must not do and says, a line each, what came of it.
forbidden-calls.py MASKED READONLY: the paths of both kinds, each list joined by commas."""
import ctypes, os, platform, errno, stat, sys
libc = ctypes.CDLL(None, use_errno=True)
arm = platform.machine() == 'aarch64'
def report(name, r):
    e = ctypes.get_errno()
    print(name, 'allowed' if r >= 0 else errno.errorcode.get(e, e), flush=True)
def call(name, x86, arm64, *args):
    if (arm64 if arm else x86) is None: return
    ctypes.set_errno(0)
    report(name, libc.syscall(arm64 if arm else x86, *args))
# each with arguments that would do no harm if it were allowed
call('mount', 165, 40, b'none', b'/tmp', b'tmpfs', 0, None)
call('umount', 166, 39, b'/proc', 0)
call('pivot_root', 155, 41, b'/', b'/')
call('fsopen', 430, 430, b'tmpfs', 0)
call('open_tree', 428, 428, -100, b'/', 1)
call('move_mount', 429, 429, -1, b'', -1, b'', 0)
call('mount_setattr', 442, 442, -1, b'', 0, 0, 0)
call('keyctl', 250, 219, 0, -3, 0)
call('add_key', 248, 217, b'user', b'x', b'y', 1, -3)
call('request_key', 249, 218, b'user', b'x', 0, -3)
call('bpf', 321, 280, 0, 0, 0)
call('perf_event_open', 298, 241, 0, 0, -1, -1, 0)
call('setns', 308, 268, 0, 0)
call('reboot', 169, 142, 0xfee1dead, 672274793, 0, 0)
call('sethostname', 170, 161, b'x', 1)
call('settimeofday', 164, 170, 0, 0)
call('clock_settime', 227, 112, 0, 0)
call('init_module', 175, 105, 0, 0, b'')
call('finit_module', 313, 273, -1, b'', 0)
call('delete_module', 176, 106, b'nowhere', 0)
call('kexec_load', 246, 104, 0, 0, 0, 0)
call('kexec_file_load', 320, 294, -1, -1, 0, b'', 0)
call('swapon', 167, 224, b'/x', 0)
call('swapoff', 168, 225, b'/x')
call('acct', 163, 89, b'/nowhere')
call('quotactl', 179, 60, 0x800002, b'/nowhere', 0, 0)
call('open_by_handle_at', 304, 265, 0, 0, 0)
call('userfaultfd', 323, 282, 0)
call('kcmp', 312, 272, 1, 1, 0, 0, 0)
call('pidfd_getfd', 438, 438, -1, -1, 0)
call('fanotify_init', 300, 262, 0, 0)
call('syslog', 103, 116, 3, 0, 0)
call('vhangup', 153, 58)
call('iopl', 172, None, 3)
call('ioperm', 173, None, 0, 1, 1)
call('io_uring_setup', 425, 425, 1, 0)
call('io_uring_enter', 426, 426, -1, 0, 0, 0, 0)
call('socket vsock', 41, 198, 40, 1, 0)
call('clone3', 435, 435, 0, 0)
# by a child: a runtime that had to trace this process would stop it at the next signal
child = os.fork()
if child == 0:
    call('ptrace by its parent', 101, 117, 0, 0, 0, 0)
    os._exit(0)
os.waitpid(child, 0)
def attempt(name, work):
    try: print(name, work())
    except OSError as e: print(name, errno.errorcode[e.errno])
def write(path):
    with os.fdopen(os.open(path, os.O_WRONLY), 'w') as f: f.write('1')
    return 'allowed'
for p in ['/proc/sys/kernel/panic','/proc/sys/net/ipv4/ip_forward','/proc/sysrq-trigger','/proc/irq/default_smp_affinity','/sys/kernel/mm/transparent_hugepage/enabled','/sys/fs/cgroup/memory/memory.limit_in_bytes','/sys/fs/cgroup/cgroup.procs','/dev/mem','/dev/kmsg']:
    attempt('write ' + p, lambda: write(p))
def disk():
    """The first disk there may be: its node can be made by root, and is of no use."""
    try: os.mknod('/disk', 0o600 | stat.S_IFBLK, os.makedev(8, 0))
    except FileExistsError: pass
    os.close(os.open('/disk', os.O_RDONLY))
    return 'allowed'
attempt('open disk', disk)
masked, readonly = (paths.split(',') for paths in sys.argv[1:3])
for p in masked:
    attempt('masked ' + p, lambda: len(os.listdir(p)) if os.path.isdir(p) else len(open(p, 'rb').read(10)))
# of cgroup v1 the folder itself is a tmpfs of the container's, in Docker as well
cgroups = '/sys/fs/cgroup'
whole = os.path.exists(cgroups + '/cgroup.controllers')
for p in [*readonly, '/sys', *([cgroups] if whole else [cgroups + '/' + name for name in os.listdir(cgroups)])]:
    attempt('readonly ' + p, lambda: 'yes' if os.statvfs(p).f_flag & os.ST_RDONLY else 'no')
# last: what is allowed changes what comes after it
for name, flag in [('ns', 0x00020000), ('net', 0x40000000), ('pid', 0x20000000), ('ipc', 0x08000000), ('uts', 0x04000000), ('cgroup', 0x02000000), ('user', 0x10000000)]:
    call('unshare new' + name, 272, 97, flag)
