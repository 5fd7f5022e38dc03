import { describe, expect, test } from 'vitest';
import { Api, ApiError, explain, list } from './api';

type Answer = [number, unknown?, Record<string, string>?];

function scripted(...answers: Answer[]) {
  const calls: { url: string; method: string; headers: Record<string, string>; body: unknown }[] = [];
  const api = new Api(((url: string, options: RequestInit) => {
    calls.push({
      url,
      method: options.method ?? '',
      headers: options.headers as Record<string, string>,
      body: options.body ? JSON.parse(options.body as string) : undefined,
    });
    const [status, body, headers] = answers.shift() ?? [500];
    const bare = status === 204;
    return Promise.resolve(
      new Response(bare ? null : JSON.stringify(body ?? {}), { status, headers: headers ?? {} }),
    );
  }) as typeof fetch);
  return { api, calls };
}
const ME = { agent: 'agt_1', name: 'Mara', email: 'm@x.example', role: 'admin', csrf: 'token-1' };

describe('the client', () => {
  test('sends the CSRF token of the sign-in with every change', async () => {
    const { api, calls } = scripted([200, ME], [204]);
    await api.login('m@x.example', 'secret');
    await api.set_presence('away');
    expect(calls[0]?.headers['x-csrf-token']).toBeUndefined();
    expect(calls[1]?.headers['x-csrf-token']).toBe('token-1');
    expect(calls[1]?.body).toEqual({ presence: 'away' });
  });

  test('fetches a new token and tries once more when the old one is stale', async () => {
    const { api, calls } = scripted(
      [403, { code: 'csrf_mismatch' }],
      [200, { ...ME, csrf: 'token-2' }],
      [204],
    );
    await api.set_presence('busy');
    expect(calls.map((call) => call.method)).toEqual(['POST', 'GET', 'POST']);
    expect(calls[2]?.headers['x-csrf-token']).toBe('token-2');
  });

  test('does not try again when the role does not allow it', async () => {
    const { api, calls } = scripted([403, { code: 'forbidden', message: 'admins only' }]);
    await expect(api.set_mode('live')).rejects.toMatchObject({ status: 403, code: 'forbidden' });
    expect(calls).toHaveLength(1);
  });

  test('says once that the session is gone, but not for a wrong password', async () => {
    const { api } = scripted([401, { code: 'not_signed_in' }], [401, { code: 'wrong_credentials' }]);
    let expired = 0;
    api.on_expired = () => (expired += 1);
    await expect(api.desk_state()).rejects.toBeInstanceOf(ApiError);
    expect(expired).toBe(1);
    await expect(api.login('a', 'b')).rejects.toBeInstanceOf(ApiError);
    expect(expired).toBe(1);
  });

  test('leaves empty filters out and escapes the rest', async () => {
    const { api, calls } = scripted([200, {}], [200, {}]);
    await api.decisions({ rule: 'a&b', reason: '', cursor: undefined });
    await api.timeline('cus_1/..', { before: 5 });
    expect(calls[0]?.url).toBe('/v1/decisions?limit=50&rule=a%26b');
    expect(calls[1]?.url).toBe('/v1/customers/cus_1%2F../timeline?before=5&limit=100');
  });

  test('tells the time of the server from its answers', async () => {
    const { api } = scripted([200, {}, { date: 'Sat, 21 Nov 2026 06:00:00 GMT' }], [200, {}]);
    const told: number[] = [];
    api.on_server_time = (at_ms) => told.push(at_ms);
    await api.desk_state();
    await api.desk_state();
    expect(told).toEqual([Date.UTC(2026, 10, 21, 6)]);
  });

  test('going live carries the confirmation, stopping does not need one', async () => {
    const { api, calls } = scripted([204], [204]);
    await api.set_mode('live');
    await api.set_mode('shadow');
    expect(calls.map((call) => call.body)).toEqual([{ mode: 'live', confirm: true }, { mode: 'shadow' }]);
  });
});

describe('errors', () => {
  const failure = async (...answer: Answer): Promise<ApiError> => {
    const { api } = scripted(answer);
    return api.policy().catch((error: ApiError) => error) as Promise<ApiError>;
  };
  test('name the field', async () => {
    const error = await failure(400, { code: 'bad_input', message: 'name must not be empty', field: 'name' });
    expect([error.field, explain(error)]).toEqual(['name', 'Name must not be empty.']);
  });
  test('say when to try again', async () => {
    const error = await failure(
      429,
      { code: 'slow_down', message: 'too many tries' },
      { 'retry-after': '7' },
    );
    expect(explain(error)).toBe('Too many tries. Try again in 7 s.');
  });
  test('carry the positions of a policy', async () => {
    const errors = [{ line: 3, column: 9, message: 'unknown signal' }];
    expect((await failure(422, { code: 'policy_invalid', errors })).policy_errors).toEqual(errors);
  });
  test('are plain when the server sends no words', async () => {
    expect(explain(await failure(503))).toBe('The server is not accepting changes right now.');
    expect(explain('?')).toBe('Something went wrong.');
  });
  test('an unreachable server is an error of its own', async () => {
    const api = new Api(() => Promise.reject(new TypeError('failed to fetch')));
    await expect(api.policy()).rejects.toMatchObject({ status: 0, code: 'unreachable' });
  });
});

test('bare and wrapped lists read the same', () => {
  expect(list([1], 'a')).toEqual([1]);
  expect(list({ a: [1] }, 'a')).toEqual([1]);
  expect(list(undefined, 'a')).toEqual([]);
});
