// SPDX-License-Identifier: Apache-2.0
#include "hashing/worker/jail.h"

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <initializer_list>
#include <memory>

namespace kith::hashing::worker {
namespace {

using internal::CageHello;

#ifdef KITH_SANITIZED
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// What decoding may take beyond what the program has after its start: the limits of DecodeLimits
// for a decoder's own picture (2 GiB), the file itself (0.5 GiB) and a copy of it.
constexpr std::uint64_t kAddressSpaceBytes = 4ull << 30;
// Above what the cage lets one worker use before it is replaced.
constexpr rlim_t kProcessorSeconds = 1200;
constexpr rlim_t kDescriptors = 8;

bool Limit(__rlimit_resource resource, rlim_t value, rlim_t grace = 0) {
  const rlimit limit{.rlim_cur = value, .rlim_max = value + grace};
  return setrlimit(resource, &limit) == 0;
}

std::uint64_t AddressSpaceInUse() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                             &std::fclose);
  unsigned long long pages = 0;
  if (!file || std::fscanf(file.get(), "%llu", &pages) != 1) return 0;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void SetLimits(CageHello& hello) {
  // The filter and not RLIMIT_NPROC keeps threads out of sanitizer builds: they have their own.
  const bool basic = Limit(RLIMIT_FSIZE, 0) && Limit(RLIMIT_CORE, 0) &&
                     Limit(RLIMIT_NOFILE, kDescriptors) && Limit(RLIMIT_MEMLOCK, 0) &&
                     Limit(RLIMIT_MSGQUEUE, 0) && (kSanitized || Limit(RLIMIT_NPROC, 0));
  if (basic) hello.measures |= internal::kNoFilesNoCore;
  // The soft limit has a signal of its own, the hard one kills without a word.
  if (Limit(RLIMIT_CPU, kProcessorSeconds, 5)) hello.measures |= internal::kProcessorTime;
  if (kSanitized) return;  // shadow memory takes terabytes of addresses
  const std::uint64_t in_use = AddressSpaceInUse();
  if (in_use != 0 && Limit(RLIMIT_AS, in_use + kAddressSpaceBytes)) {
    hello.measures |= internal::kAddressSpace;
    hello.address_space_bytes = in_use + kAddressSpaceBytes;
  }
}

// The rules of linux/landlock.h up to version 7, whose headers Debian 12 does not have yet.
struct LandlockRules {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};
constexpr long kCreateRuleset = 444;
constexpr long kRestrictSelf = 446;
constexpr unsigned kAskVersion = 1;

void ForbidFilesByLandlock(CageHello& hello) {
  const long version = syscall(kCreateRuleset, nullptr, 0, kAskVersion);
  if (version < 1) return;
  const int file_rights = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;
  LandlockRules rules;
  rules.files = (1ull << file_rights) - 1;
  if (version >= 4) rules.network = 3;  // bind, connect
  if (version >= 6) rules.scoped = 3;   // abstract sockets, signals
  const std::size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
  const long ruleset = syscall(kCreateRuleset, &rules, size, 0);
  if (ruleset < 0) return;
  if (syscall(kRestrictSelf, ruleset, 0) == 0) {
    hello.measures |= internal::kLandlock;
    hello.landlock_abi = static_cast<std::uint32_t>(version);
  }
  close(static_cast<int>(ruleset));
}

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};

class Filter {
 public:
  explicit Filter(std::uint32_t otherwise) : filter_(seccomp_init(otherwise)) {
    if (!filter_) return;
    good_ = seccomp_attr_set(filter_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0;
    // Rules in a tree instead of a list: the calls of a decoder are many.
    good_ = good_ && seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
  }

  void Add(std::uint32_t action, std::initializer_list<int> calls) {
    for (const int call : calls) Add(action, call, {});
  }
  void Add(std::uint32_t action, int call, std::initializer_list<scmp_arg_cmp> when) {
    if (!good_) return;
    const int result = seccomp_rule_add_array(filter_.get(), action, call,
                                              static_cast<unsigned>(when.size()), std::data(when));
    // -EDOM: this architecture has no such call.
    good_ = result == 0 || result == -EDOM;
  }
  [[nodiscard]] bool Load() { return good_ && seccomp_load(filter_.get()) == 0; }

 private:
  std::unique_ptr<void, ReleaseFilter> filter_;
  bool good_ = false;
};

void AllowComputing(Filter& filter, int channel) {
  filter.Add(SCMP_ACT_ALLOW,
             {SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
              SCMP_SYS(close), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
              SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall), SCMP_SYS(sched_yield),
              SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(clock_gettime),
              SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time)});
  // Memory that is written is never executed.
  const scmp_arg_cmp no_execution = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(mmap), {no_execution});
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(mprotect), {no_execution});
  const scmp_arg_cmp to_parent = SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(channel), 0);
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(recvmsg), {to_parent});
  // Without an address, which only another socket would need.
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(sendto), {to_parent, SCMP_A4(SCMP_CMP_EQ, 0, 0)});
  // abort() and failed assertions end as what they are.
  filter.Add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
             {SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid()), 0)});
}

// Libraries ask these and live with a refusal.
void RefuseFiles(Filter& filter) {
  filter.Add(
      SCMP_ACT_ERRNO(EACCES),
      {SCMP_SYS(open),       SCMP_SYS(openat),    SCMP_SYS(openat2),    SCMP_SYS(creat),
       SCMP_SYS(stat),       SCMP_SYS(lstat),     SCMP_SYS(newfstatat), SCMP_SYS(statx),
       SCMP_SYS(access),     SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
       SCMP_SYS(readlinkat), SCMP_SYS(unlink),    SCMP_SYS(unlinkat),   SCMP_SYS(rename),
       SCMP_SYS(renameat),   SCMP_SYS(renameat2), SCMP_SYS(mkdir),      SCMP_SYS(mkdirat),
       SCMP_SYS(getcwd),     SCMP_SYS(statfs),    SCMP_SYS(truncate),   SCMP_SYS(memfd_create)});
  filter.Add(SCMP_ACT_ERRNO(EBADF),
             {SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
              SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(fstatfs),
              SCMP_SYS(fcntl), SCMP_SYS(ioctl), SCMP_SYS(ftruncate), SCMP_SYS(getdents64)});
  filter.Add(
      SCMP_ACT_ERRNO(EPERM),
      {SCMP_SYS(clone), SCMP_SYS(prlimit64), SCMP_SYS(getrlimit), SCMP_SYS(sysinfo),
       SCMP_SYS(uname), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_setaffinity), SCMP_SYS(prctl),
       SCMP_SYS(rt_sigaction), SCMP_SYS(sigaltstack), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
       SCMP_SYS(membarrier), SCMP_SYS(getrusage), SCMP_SYS(getcpu), SCMP_SYS(clock_nanosleep),
       SCMP_SYS(nanosleep), SCMP_SYS(set_mempolicy), SCMP_SYS(mbind)});
  // The C library then tries clone.
  filter.Add(SCMP_ACT_ERRNO(ENOSYS), {SCMP_SYS(clone3)});
}

// The run-time of a sanitizer reads its own maps, handles signals and prints; what it never needs
// is forbidden to it as well.
Filter RelaxedFilter() {
  Filter filter(SCMP_ACT_ALLOW);
  filter.Add(SCMP_ACT_KILL_PROCESS,
             {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(socket), SCMP_SYS(connect),
              SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
              SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
              SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(kill)});
  filter.Add(SCMP_ACT_ERRNO(ENOSYS), {SCMP_SYS(clone3)});
  return filter;
}

void InstallFilter(int channel, CageHello& hello) {
  if (kSanitized) {
    if (RelaxedFilter().Load()) {
      hello.measures |= internal::kSeccomp | internal::kSeccompRelaxed;
    }
    return;
  }
  Filter filter(SCMP_ACT_KILL_PROCESS);
  AllowComputing(filter, channel);
  RefuseFiles(filter);
  if (filter.Load()) hello.measures |= internal::kSeccomp;
}

bool HasOneThread() {
  std::error_code error;
  const std::filesystem::directory_iterator tasks("/proc/self/task", error);
  return !error && std::distance(begin(tasks), end(tasks)) == 1;
}

}  // namespace

void HideFromOthers(CageHello& hello) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0) hello.measures |= internal::kDiesWithParent;
  if (prctl(PR_SET_DUMPABLE, 0) == 0) hello.measures |= internal::kNotDumpable;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) hello.measures |= internal::kNoNewPrivileges;
}

void GiveUpEverything(int channel, CageHello& hello) {
  if (HasOneThread()) hello.measures |= internal::kOneThread;
  SetLimits(hello);
  ForbidFilesByLandlock(hello);
  InstallFilter(channel, hello);
  if (open("/", O_RDONLY | O_CLOEXEC) < 0) hello.measures |= internal::kOpensNothing;
}

}  // namespace kith::hashing::worker
