// What a page's policy refuses, and what its console complains of.

/** Collects both, from the page's next load on. */
export async function watchPolicy(page) {
  const found = [];
  await page.exposeFunction('refusedByPolicy', (what) => found.push(what));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) =>
      window.refusedByPolicy(`${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`),
    );
  });
  page.on('console', (message) => message.type() === 'error' && found.push(message.text()));
  return found;
}
