// The desk as an agent uses it, by what its controls are called.

/** Signs in on the page and waits for the inbox. */
export async function signIn(page, url, { email, password }) {
  await page.goto(`${url}/desk/`);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
}

/** Declares the agent available, so that requests reach this desk. */
export async function beAvailable(page) {
  const available = page.getByRole('radio', { name: 'Available' });
  await page.getByText('Available', { exact: true }).first().click();
  await available.and(page.locator(':checked')).waitFor({ state: 'attached' });
  await page.getByText('No new requests reach you').waitFor({ state: 'detached' });
}

export const incoming = (page) => page.getByRole('region', { name: 'Incoming requests' });

export async function accept(page) {
  await incoming(page).getByRole('button', { name: /^Accept/ }).first().click();
  await page.getByLabel('Reply').waitFor();
}

export async function reply(page, text) {
  await page.getByLabel('Reply').fill(text);
  await page.getByLabel('Reply').press('Enter');
}

export async function resolve(page, notes) {
  await page.getByRole('button', { name: /^Resolve/ }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Solved').check();
  await dialog.getByLabel('Notes for the next agent').fill(notes);
  await dialog.getByRole('button', { name: 'Resolve' }).click();
  await dialog.waitFor({ state: 'detached' });
}

export const AGENT = { name: 'Grace Hopper', email: 'grace@example.com', password: 'a long enough passphrase' };
