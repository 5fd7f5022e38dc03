// A form on a long page that a Smart Pause holds.

/** A page whose handshake each case replaces before it is declared. */
export const formPage = ({ url, write_key: key }) => `<!doctype html><html lang="en"><title>Form</title>
<script>
  window.seen = [];
  window.overture = window.overture || function () { (overture.q = overture.q || []).push(arguments); };
  overture('on', 'paused', (it) => seen.push(['paused', it.pause.length > 8]));
  overture('on', 'resumed', ({ exact, how, changed }) => seen.push(['resumed', exact, how, changed.join()]));
</script>
<script async src="${url}/widget.js" data-write-key="${key}"></script>
<main style="height: 3000px">
  <form id="form"><label>Name <input id="name" name="name"></label>
  <label>Password <input id="password" type="password"></label>
  <label>Size <select id="size"><option>S<option>M</select></label>
  <label><input type="checkbox" id="agree"> Agree</label><button>Send</button></form>
</main></html>`;
