/**
 * The basket is kept for ten minutes, and the checkout can be paused: the clock stands still, what was entered is kept,
 * and both go on as they were. Card, date and code are left in their fields and go nowhere.
 */
const KEPT_S = 600;
const SAVED = ['name', 'email', 'street', 'postcode', 'city'];

function startClock(place) {
  let left = KEPT_S;
  let timer = 0;
  const draw = () => {
    const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`;
    place.textContent =
      left > 0 ? `We keep your basket for ${text}.` : 'Time is up. Your basket is still here.';
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
  };
  const go = () => {
    stop();
    draw();
    timer = setInterval(() => {
      left = Math.max(0, left - 1);
      draw();
    }, 1000);
  };
  go();
  return {
    stop,
    left: () => left,
    goOn(from) {
      left = from;
      go();
    },
  };
}

export function startReservation(form, place) {
  const clock = startClock(place);
  window.overture?.('pausable', {
    region: '#checkout',
    canPause: () => form.isConnected,
    pause() {
      clock.stop();
      return {
        left_s: clock.left(),
        entered: Object.fromEntries(SAVED.map((name) => [name, form.elements[name].value])),
      };
    },
    resume(state) {
      for (const name of state ? SAVED : []) form.elements[name].value = state.entered[name] ?? '';
      clock.goOn(state?.left_s ?? clock.left());
    },
  });
}
