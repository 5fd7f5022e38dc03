// One ticking clock for every waiting time and countdown on screen. It follows the server: on a computer whose clock
// is wrong, a request would otherwise seem to have run out before it came.

/** Answers carry whole seconds and take a moment; smaller differences are not the clock's fault. */
const SKEW_IGNORED_MS = 3000;

class Clock {
  now_ms = $state(Date.now());
  private skew_ms = 0;

  start() {
    const timer = setInterval(() => this.tick(), 1000);
    return () => clearInterval(timer);
  }
  align(server_ms: number) {
    const skew_ms = server_ms - Date.now();
    this.skew_ms = Math.abs(skew_ms) < SKEW_IGNORED_MS ? 0 : skew_ms;
    this.tick();
  }
  private tick() {
    this.now_ms = Date.now() + this.skew_ms;
  }
}

export const ticker = new Clock();
