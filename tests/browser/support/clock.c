/* The wall clock of the process that this is loaded into, moved ahead by the seconds that the file named
 * by CLOCK_AHEAD_FILE holds (eight bytes, as the machine writes them). Other clocks stay. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead_s;

__attribute__((constructor)) static void open_file(void) {
  const char *name = getenv("CLOCK_AHEAD_FILE");
  int file = name ? open(name, O_RDONLY) : -1;
  if (file < 0) return;
  void *shared = mmap(NULL, sizeof *ahead_s, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (shared != MAP_FAILED) ahead_s = shared;
}

int clock_gettime(clockid_t clock, struct timespec *at) {
  int result = (int)syscall(SYS_clock_gettime, clock, at);
  if (result == 0 && clock == CLOCK_REALTIME && ahead_s) at->tv_sec += *ahead_s;
  return result;
}
