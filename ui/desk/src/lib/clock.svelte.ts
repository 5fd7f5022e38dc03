// One ticking clock for every waiting time and countdown on screen.

class Clock {
  now_ms = $state(Date.now());

  start() {
    const timer = setInterval(() => (this.now_ms = Date.now()), 1000);
    return () => clearInterval(timer);
  }
}

export const ticker = new Clock();
