// Lets the addon load where glibc is as old as 2.28, the oldest that VS Code itself supports, though it is linked against a
// newer one: what that one calls by names or versions of its own is defined here from what the old one has. Hidden: nothing
// of the process that loads the addon sees it. The programs need none of this, as they are linked statically.
#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define HIDDEN __attribute__((visibility("hidden")))

// <sys/stat.h> of 2.33 and later calls these; older ones had them inline. On 64-bit platforms the kernel's struct is glibc's.
HIDDEN int fstat(int fd, struct stat *status) { return (int)syscall(SYS_fstat, fd, status); }
HIDDEN int fstatat(int folder, const char *name, struct stat *status, int flags) {
  return (int)syscall(SYS_newfstatat, folder, name, status, flags);
}

// 2.32: libstdc++ leaves out atomic operations where this is not 0.
HIDDEN char __libc_single_threaded = 0;

static struct timespec add(struct timespec a, struct timespec b) {
  struct timespec sum = {a.tv_sec + b.tv_sec, a.tv_nsec + b.tv_nsec};
  if (sum.tv_nsec >= 1000000000L) {
    sum.tv_sec++;
    sum.tv_nsec -= 1000000000L;
  }
  return sum;
}
static struct timespec subtract(struct timespec a, struct timespec b) {
  struct timespec rest = {a.tv_sec - b.tv_sec, a.tv_nsec - b.tv_nsec};
  if (rest.tv_nsec < 0) {
    rest.tv_sec--;
    rest.tv_nsec += 1000000000L;
  }
  return rest;
}

// 2.30: wait_for() of a condition variable. Who waits looks at the clock again, so a jump of the real one ends the wait
// early or late, and nothing worse.
HIDDEN int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                           const struct timespec *until) {
  struct timespec now;
  struct timespec real;
  if (clock_gettime(clock, &now) != 0 || clock_gettime(CLOCK_REALTIME, &real) != 0) return EINVAL;
  const struct timespec deadline = add(real, subtract(*until, now));
  return pthread_cond_timedwait(condition, mutex, &deadline);
}
