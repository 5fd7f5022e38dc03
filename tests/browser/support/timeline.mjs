// What is known of a customer, as the desk shows it.

import { waitFor } from './server.mjs';

const chats = new Set();

/** The customer with this e-mail address or user id, once there is one. */
export async function customerOf(api, identifier) {
  const [found] = await waitFor(`customer ${identifier}`, async () => {
    const { customers } = await api.get(`/v1/customers?query=${encodeURIComponent(identifier)}`);
    return customers.length ? customers : undefined;
  });
  return found.customer;
}

/** What is on the customer's timeline, oldest first, once a chat brings it there. */
export async function timelineOf(api, email) {
  const customer = await customerOf(api, email);
  if (!chats.has(customer)) {
    await api.openChat(customer);
    chats.add(customer);
  }
  const { items } = await api.get(`/v1/customers/${customer}/timeline?limit=100`);
  return items.sort((a, b) => a.seq - b.seq);
}

/** The names of the customer's own events, once every one of `wanted` is among them. */
export async function namesOf(api, email, wanted) {
  return waitFor(`events ${wanted} of ${email}`, async () => {
    const names = (await timelineOf(api, email)).filter(({ kind }) => kind === 'custom').map(({ name }) => name);
    return wanted.every((name) => names.includes(name)) ? names : undefined;
  });
}
